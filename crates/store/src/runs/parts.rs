//! Parts of a run's work, as its holder reports them, and the state that goes on from one to the next.
//!
//! No cost here depends on how many parts a run has: rows are found by their primary key.

use std::collections::BTreeMap;

use engine::{Command, Holder, PartChange, Run, RunId, Stage};

use super::{
    apply::{decide, lock},
    part_rows::{PartRow, read_part, select, state_of, write_state},
    update::Update,
};
use crate::{
    Batch, Error,
    driver::{Tx, Value},
};

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
        state: state.is_some(),
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
