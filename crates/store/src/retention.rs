//! What is old is deleted: ended runs with all that belongs to them, events, idempotency keys, the
//! marks of writers. One call deletes so much that its transaction stays short.

use engine::{Class, Kind, Rejected, RunId, Status};

use crate::{
    Batch, Error,
    seam::{Row, Value, args},
};

/// Runs of one status that one call deletes at most.
const RUNS: i64 = 200;
/// Rows, in any table but that of the runs, that one call deletes at most.
pub(crate) const ROWS: i64 = 5_000;
/// Bytes that one call deletes at most, unless a single row has more.
const BYTES: i64 = 64 << 20;

/// Tables with a row or more for a run.
const OF_RUN: &[&str] = &[
    "DELETE FROM inputs WHERE run_id = $1",
    "DELETE FROM results WHERE run_id = $1",
    "DELETE FROM checkpoints WHERE run_id = $1",
    "DELETE FROM log_sizes WHERE run_id = $1",
    "DELETE FROM runs WHERE id = $1",
];

/// Tables that may have any number of rows for a run.
const MANY_OF_RUN: &[&str] = &[
    "DELETE FROM attempts WHERE run_id = $1",
    "DELETE FROM logs WHERE run_id = $1",
    "DELETE FROM log_positions WHERE run_id = $1",
];

/// The same, the first $2 rows or so.
const FIRST_OF_RUN: &[&str] = &[
    "DELETE FROM attempts WHERE run_id = $1 AND number <= (SELECT MAX(number) FROM
        (SELECT number FROM attempts WHERE run_id = $1 ORDER BY number LIMIT $2) AS first_of_it)",
    "DELETE FROM logs WHERE run_id = $1 AND seq <= (SELECT MAX(seq) FROM
        (SELECT seq FROM logs WHERE run_id = $1 ORDER BY seq LIMIT $2) AS first_of_it)",
    "DELETE FROM log_positions WHERE run_id = $1 AND attempt <= (SELECT MAX(attempt) FROM
        (SELECT attempt FROM log_positions WHERE run_id = $1 ORDER BY attempt LIMIT $2)
        AS first_of_it)",
];

/// What one call deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many.
    pub deleted: u64,
    /// Whether there may be more: then call again.
    pub more: bool,
}

/// An ended run that is old.
struct Old {
    id: RunId,
    kind: Kind,
    status: Status,
    class: Class,
    /// How many rows it has at most where a run may have any number.
    rows: i64,
    /// The length of all that it has, in bytes.
    bytes: i64,
}

/// Selects what [`Old::read`] takes. The lengths are known without reading.
macro_rules! old {
    () => {
        "SELECT id, kind, status, class,
        starts + COALESCE((SELECT next_seq FROM log_sizes WHERE run_id = runs.id), 0),
        CAST(
            COALESCE((SELECT stored_bytes FROM log_sizes WHERE run_id = runs.id), 0)
            + COALESCE((SELECT LENGTH(body) FROM inputs WHERE run_id = runs.id), 0)
            + COALESCE((SELECT LENGTH(body) FROM checkpoints WHERE run_id = runs.id), 0)
            + COALESCE((SELECT LENGTH(stdout) + LENGTH(stderr) FROM results
                WHERE run_id = runs.id), 0)
        AS BIGINT)
        FROM runs"
    };
}

impl Old {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.run_id(0)?,
            kind: row.name(1)?,
            status: row.name(2)?,
            class: row.name(3)?,
            rows: row.int(4)?,
            bytes: row.int(5)?,
        })
    }

    /// It has so many rows that it goes piece by piece: see [`remains`].
    fn is_long(&self) -> bool {
        self.rows > ROWS
    }
}

/// Deletes runs that ended before `before`; of long ones [`remains`] has the rest.
///
/// # Errors
/// The database's.
pub fn runs(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    let (old, more) = old_runs(batch, before)?;
    delete(batch, &old)?;
    Ok(Swept {
        deleted: old.len() as u64,
        more,
    })
}

/// Deletes one run of this kind that has ended; of a long one [`remains`] has the rest. Its events
/// stay until they are old.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`] for one that has not ended, or the database's.
pub fn run(batch: &mut Batch<'_, '_>, kind: Kind, id: RunId) -> Result<(), Error> {
    const RUN: &str = concat!(old!(), " WHERE id = $1 AND kind = $2 {lock}");
    let found = batch.tx.first(RUN, args![&id, kind.as_str()], Old::read)?;
    let run = found.ok_or(Error::NotFound(id))?;
    if !run.status.is_terminal() {
        return Err(Error::Rejected(Rejected {
            run: id,
            status: run.status,
            command: "delete",
            not_holder: false,
        }));
    }
    delete(batch, &[run])
}

fn delete(batch: &mut Batch<'_, '_>, old: &[Old]) -> Result<(), Error> {
    let all: Vec<[Value<'_>; 1]> = old.iter().map(|run| [(&run.id).into()]).collect();
    let (long, short): (Vec<&Old>, Vec<&Old>) = old.iter().partition(|run| run.is_long());
    let long: Vec<[Value<'_>; 1]> = long.iter().map(|run| [(&run.id).into()]).collect();
    let short: Vec<[Value<'_>; 1]> = short.iter().map(|run| [(&run.id).into()]).collect();
    batch
        .tx
        .exec_many("INSERT INTO remains (run_id) VALUES ($1)", &long)?;
    for statement in MANY_OF_RUN {
        batch.tx.exec_many(statement, &short)?;
    }
    for statement in OF_RUN {
        batch.tx.exec_many(statement, &all)?;
    }
    for run in old {
        batch.count(run.kind, run.status, run.class, -1);
    }
    Ok(())
}

/// As many runs that ended before `before` as one transaction should delete, and whether there are
/// more.
fn old_runs(batch: &mut Batch<'_, '_>, before: i64) -> Result<(Vec<Old>, bool), Error> {
    // Ids order by the time of their making, and a run ends after it is made: a run that ended
    // before `before` has an id below that of the time.
    const ENDED: &str = concat!(
        old!(),
        " WHERE status = $1 AND id < $2 AND ended_at < $3 ORDER BY id LIMIT $4 {lock}"
    );
    let below = first_id_at(before);
    let (mut found, mut more) = (Vec::new(), false);
    let mut room = Room::default();
    for status in [Status::Completed, Status::Failed, Status::Cancelled] {
        let args = args![status.as_str(), &below, before, RUNS];
        let old = batch.tx.all(ENDED, args, Old::read)?;
        more |= i64::try_from(old.len()) == Ok(RUNS);
        for run in old {
            // What is left behind does not count.
            let rows = if run.is_long() { 0 } else { run.rows };
            if !room.take(rows, run.bytes) {
                return Ok((found, true));
            }
            found.push(run);
        }
    }
    Ok((found, more))
}

/// What a transaction may still delete.
struct Room {
    rows: i64,
    bytes: i64,
    is_new: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            rows: ROWS,
            bytes: BYTES,
            is_new: true,
        }
    }
}

impl Room {
    /// False when there is no more room for this; there is always room for the first.
    fn take(&mut self, rows: i64, bytes: i64) -> bool {
        self.rows -= rows;
        self.bytes -= bytes;
        std::mem::take(&mut self.is_new) || (self.rows >= 0 && self.bytes >= 0)
    }
}

/// Deletes a piece of what [`runs`] left behind of long runs.
///
/// # Errors
/// The database's.
pub fn remains(batch: &mut Batch<'_, '_>) -> Result<Swept, Error> {
    const FIRST: &str = "SELECT run_id FROM remains ORDER BY run_id LIMIT 1 {lock}";
    let Some(id) = batch.tx.first(FIRST, args![], |row| row.run_id(0))? else {
        return Ok(Swept::default());
    };
    let mut deleted = 0;
    for statement in FIRST_OF_RUN {
        let room = ROWS - i64::try_from(deleted).unwrap_or(ROWS);
        if room > 0 {
            deleted += batch.tx.exec(statement, args![&id, room])?;
        }
    }
    if deleted == 0 {
        batch
            .tx
            .exec("DELETE FROM remains WHERE run_id = $1", args![&id])?;
    }
    Ok(Swept {
        deleted,
        more: true,
    })
}

/// Deletes events older than `before`, oldest first and without leaving a gap.
///
/// # Errors
/// The database's.
pub fn events(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    const OLDEST: &str = "SELECT seq, at, CAST(OCTET_LENGTH(data) AS BIGINT) FROM events
        ORDER BY seq LIMIT $1";
    const DELETE: &str = "DELETE FROM events WHERE seq <= $1";
    const REMOVED: &str = "UPDATE event_head SET removed = $1 WHERE id = 1 AND removed < $1";
    let oldest: Vec<(i64, i64, i64)> = batch.tx.all(OLDEST, args![ROWS], |row| {
        Ok((row.int(0)?, row.int(1)?, row.int(2)?))
    })?;
    let mut room = Room::default();
    // Clocks may jump: those before an old one go with it.
    let last = oldest
        .iter()
        .take_while(|(.., bytes)| room.take(1, *bytes))
        .filter(|(_, at, _)| *at < before)
        .last();
    let Some((last, ..)) = last else {
        return Ok(Swept::default());
    };
    batch.tx.exec(REMOVED, args![*last])?;
    Ok(Swept {
        deleted: batch.tx.exec(DELETE, args![*last])?,
        more: true,
    })
}

/// Forgets idempotency keys older than `before`.
///
/// # Errors
/// The database's.
pub fn idempotency_keys(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    const OLD: &str = "SELECT key, CAST(LENGTH(run_ids) AS BIGINT) FROM idempotency_keys
        WHERE created_at < $1 ORDER BY created_at LIMIT $2";
    let old: Vec<(String, i64)> = batch.tx.all(OLD, args![before, ROWS], |row| {
        Ok((row.text(0)?, row.int(1)?))
    })?;
    let mut room = Room::default();
    let some: Vec<[Value<'_>; 2]> = old
        .iter()
        .take_while(|(_, bytes)| room.take(1, *bytes))
        .map(|(key, _)| [key.into(), before.into()])
        .collect();
    // Another server may have forgotten it meanwhile, and it may be in use anew.
    let delete = "DELETE FROM idempotency_keys WHERE key = $1 AND created_at < $2";
    Ok(Swept {
        deleted: batch.tx.exec_many(delete, &some)?,
        more: !some.is_empty(),
    })
}

/// Forgets the writers of other servers that were not there since `before`: whoever was killed
/// could not do it. One that wakes up again is told, at worst, that it is not known what became of
/// its last commit.
///
/// # Errors
/// The database's.
pub fn writers(batch: &mut Batch<'_, '_>, before: i64) -> Result<u64, Error> {
    let delete = "DELETE FROM writers WHERE seen_at < $1";
    batch.tx.exec(delete, args![before])
}

/// Notes that a writer is there, on a database that has others.
pub(crate) fn attend(batch: &mut Batch<'_, '_>, name: &str, now: i64) -> Result<(), Error> {
    let note = "UPDATE writers SET seen_at = $2 WHERE name = $1";
    batch.tx.exec(note, args![name, now]).map(drop)
}

/// The lowest id that a run made at this time can have: the first six bytes of a UUID of version 7
/// are the time.
pub(crate) fn first_id_at(at: i64) -> RunId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&at.max(0).to_be_bytes()[2..]);
    RunId::from_bytes(bytes)
}
