//! Parts of a run's work, as its holder reports them, and the state that goes on from one to the next.
//!
//! No cost here depends on how many parts a run has: rows are found by their primary key.

use std::collections::BTreeMap;

use engine::{Command, Holder, PartChange, Run, RunId, Stage};

use super::{
    apply::{decide, lock},
    row::Update,
};
use crate::{
    Batch, Error, Read,
    driver::{Row, Tx, Value, args},
};

/// Selects what [`read_part`] takes.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT number, name, path, stage, attempt, tries, started_at, ended_at, body \
             FROM parts WHERE run_id = $1 AND ",
            $condition
        )
    };
}

/// What a holder reports of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartReport {
    /// Its number, from 1; unique in the run.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// The path of the part that it belongs to; empty at the top.
    pub path: String,
    /// Where it stands.
    pub stage: Stage,
    /// The number of the try that runs or ran last, from 1; 0 when it was never tried.
    pub tries: i64,
    /// What belongs to it; opaque here.
    pub body: Vec<u8>,
    /// What the event says beside: see [`PartChange`].
    pub event_data: String,
}

/// A part as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// Its number, from 1.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// The path of the part that it belongs to; empty at the top.
    pub path: String,
    /// Where it stands.
    pub stage: Stage,
    /// The attempt that reported it last.
    pub attempt: i64,
    /// See [`PartReport`].
    pub tries: i64,
    /// Epoch milliseconds.
    pub started_at: i64,
    /// Epoch milliseconds.
    pub ended_at: Option<i64>,
    /// What belongs to it.
    pub body: Vec<u8>,
}

/// Makes sure that `holder` owns the run's lease, and keeps others from changing the run until the
/// end of the transaction. `command` is what it wants to do.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn hold(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    holder: &Holder,
    command: &'static str,
) -> Result<Run, Error> {
    let run = lock(batch, id)?;
    engine::owned(&run, holder, command)?;
    Ok(run)
}

/// What a holder reports of its progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgressReport<'a> {
    /// What happened to parts, in order.
    pub parts: &'a [PartReport],
    /// Replaces the run's state, if it is given.
    pub state: Option<&'a [u8]>,
    /// The newest generation of signals that the holder acted on.
    pub acknowledged: i64,
}

/// The holder reports parts, in order, with the state after them, and acknowledges signals. A report
/// that is known already changes nothing, nor does the state that comes with nothing but such reports.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], [`Error::Part`], or the database's.
pub fn advance(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    holder: Holder,
    progress: &ProgressReport<'_>,
    now: i64,
) -> Result<Run, Error> {
    let ProgressReport {
        parts: reports,
        state,
        acknowledged,
    } = *progress;
    let run = hold(batch, id, &holder, "advance")?;
    let (changes, rows) = follow(batch.tx, &run, reports, now)?;
    let state = match state {
        Some(_) if !reports.is_empty() && changes.is_empty() => None,
        Some(body) if state_of(batch.tx, id)?.as_deref() == Some(body) => None,
        state => state,
    };
    let acknowledges = run.signals.acknowledged(acknowledged) != run.signals;
    if changes.is_empty() && state.is_none() && !acknowledges {
        return Ok(run);
    }
    write(batch.tx, id, &rows)?;
    if let Some(body) = state {
        write_state(batch.tx, id, body)?;
    }
    let command = Command::Advance {
        holder,
        parts: changes,
        acknowledged,
    };
    decide(batch, &run, &command, now)
}

/// What reports change, and the rows as they are then.
fn follow(
    tx: &mut Tx<'_>,
    run: &Run,
    reports: &[PartReport],
    now: i64,
) -> Result<(Vec<PartChange>, Vec<PartRow>), Error> {
    const FIND: &str = select!("number = $2");
    let keys: Vec<[Value<'_>; 2]> = reports
        .iter()
        .map(|report| [(&run.id).into(), report.number.into()])
        .collect();
    let found = tx.first_many(FIND, &keys, read_part)?;
    let found = found.into_iter().flatten();
    let mut known: BTreeMap<i64, PartRow> = found.map(|part| (part.number, part)).collect();
    let (mut changes, mut rows) = (Vec::new(), Vec::new());
    for report in reports {
        let next = next(run, known.get(&report.number), report, now);
        let next = next.map_err(|why| Error::Part {
            run: run.id,
            number: report.number,
            why,
        })?;
        if let Some((part, again)) = next {
            changes.push(PartChange {
                name: part.name.clone(),
                stage: part.stage,
                again,
                event_data: report.event_data.clone(),
            });
            known.insert(part.number, part.clone());
            rows.push(part);
        }
    }
    Ok((changes, rows))
}

/// The part after a report, and whether it had started before in this attempt and starts again; nothing
/// when the report is known already.
fn next(
    run: &Run,
    before: Option<&PartRow>,
    report: &PartReport,
    now: i64,
) -> Result<Option<(PartRow, bool)>, String> {
    if !run.kind.has_parts() || report.number < 1 {
        return Err(format!("a {} has no such part", run.kind));
    }
    let after = |started_at| PartRow {
        number: report.number,
        name: report.name.clone(),
        path: report.path.clone(),
        stage: report.stage,
        attempt: run.starts,
        tries: report.tries,
        started_at,
        ended_at: report.stage.is_end().then_some(now),
        body: report.body.clone(),
    };
    let Some(before) = before else {
        return Ok(Some((after(now), false)));
    };
    if (&before.name, &before.path) != (&report.name, &report.path) {
        return Err(format!("it is `{}`, not `{}`", before.name, report.name));
    }
    let same_attempt = before.attempt == run.starts;
    let is_known =
        (before.stage, before.tries, &before.body) == (report.stage, report.tries, &report.body);
    match before.stage {
        Stage::Started if report.stage == Stage::Started && same_attempt => {
            // Of an earlier try: a request that was repeated, and delayed.
            let late = report.tries < before.tries;
            Ok((!is_known && !late).then(|| (after(before.started_at), true)))
        }
        Stage::Started => Ok(Some((after(before.started_at), false))),
        // What was stopped with its attempt is done again in a later one.
        Stage::Interrupted | Stage::Cancelled if !same_attempt => Ok(Some((after(now), false))),
        _ if is_known => Ok(None),
        stage => Err(format!("it has ended as {stage} and cannot change")),
    }
}

fn write(tx: &mut Tx<'_>, id: RunId, parts: &[PartRow]) -> Result<(), Error> {
    const WRITE: &str = "INSERT INTO parts
        (run_id, number, name, path, stage, attempt, tries, started_at, ended_at, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (run_id, number) DO UPDATE SET stage = excluded.stage,
        attempt = excluded.attempt, tries = excluded.tries, started_at = excluded.started_at,
        ended_at = excluded.ended_at, body = excluded.body";
    let rows: Vec<[Value<'_>; 10]> = parts
        .iter()
        .map(|part| {
            [
                (&id).into(),
                part.number.into(),
                (&part.name).into(),
                (&part.path).into(),
                part.stage.as_str().into(),
                part.attempt.into(),
                part.tries.into(),
                part.started_at.into(),
                part.ended_at.into(),
                (&part.body).into(),
            ]
        })
        .collect();
    tx.exec_many(WRITE, &rows).map(drop)
}

/// Ends the open parts of runs that stop, where the change says so.
pub(super) fn end_open(tx: &mut Tx<'_>, updates: &[Update<'_>], now: i64) -> Result<(), Error> {
    const END: &str = "UPDATE parts SET stage = $2, ended_at = $3
        WHERE run_id = $1 AND ended_at IS NULL";
    let rows: Vec<[Value<'_>; 3]> = updates
        .iter()
        .filter_map(|Update { change, .. }| {
            let stage = change.end_parts?;
            Some([(&change.run.id).into(), stage.as_str().into(), now.into()])
        })
        .collect();
    tx.exec_many(END, &rows).map(drop)
}

/// Up to `limit` parts of a run after number `after`, in order.
pub fn parts(
    read: &mut Read<'_, '_>,
    id: RunId,
    after: i64,
    limit: i64,
) -> Result<Vec<PartRow>, Error> {
    const PARTS: &str = select!("number > $2 ORDER BY number LIMIT $3");
    read.tx.all(PARTS, args![&id, after, limit], read_part)
}

/// How many parts of a run are at each stage.
pub fn part_counts(read: &mut Read<'_, '_>, id: RunId) -> Result<Vec<(Stage, i64)>, Error> {
    const COUNTS: &str = "SELECT stage, COUNT(*) FROM parts WHERE run_id = $1 GROUP BY stage";
    read.tx
        .all(COUNTS, args![&id], |row| Ok((row.name(0)?, row.int(1)?)))
}

/// The last `limit` parts of a run, in order.
///
/// # Errors
/// The database's.
pub fn last_parts(read: &mut Read<'_, '_>, id: RunId, limit: i64) -> Result<Vec<PartRow>, Error> {
    const LAST: &str = select!("number > 0 ORDER BY number DESC LIMIT $2");
    let mut parts = read.tx.all(LAST, args![&id, limit], read_part)?;
    parts.reverse();
    Ok(parts)
}

/// The parts of a run that have started and not ended.
pub fn open_parts(read: &mut Read<'_, '_>, id: RunId) -> Result<Vec<PartRow>, Error> {
    const OPEN: &str = select!("ended_at IS NULL ORDER BY number");
    read.tx.all(OPEN, args![&id], read_part)
}

/// The state of a run's work, if its holders left one.
pub fn state(read: &mut Read<'_, '_>, id: RunId) -> Result<Option<Vec<u8>>, Error> {
    state_of(read.tx, id)
}

fn state_of(tx: &mut Tx<'_>, id: RunId) -> Result<Option<Vec<u8>>, Error> {
    const FIND: &str = "SELECT body FROM states WHERE run_id = $1";
    tx.first(FIND, args![&id], |row| row.bytes(0))
}

fn write_state(tx: &mut Tx<'_>, id: RunId, body: &[u8]) -> Result<(), Error> {
    const WRITE: &str = "INSERT INTO states (run_id, body) VALUES ($1, $2)
        ON CONFLICT (run_id) DO UPDATE SET body = excluded.body";
    tx.exec(WRITE, args![&id, body]).map(drop)
}

fn read_part(row: &Row<'_>) -> Result<PartRow, Error> {
    Ok(PartRow {
        number: row.int(0)?,
        name: row.text(1)?,
        path: row.text(2)?,
        stage: row.name(3)?,
        attempt: row.int(4)?,
        tries: row.int(5)?,
        started_at: row.int(6)?,
        ended_at: row.opt_int(7)?,
        body: row.bytes(8)?,
    })
}
