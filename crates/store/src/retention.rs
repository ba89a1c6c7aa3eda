//! What is old is deleted: ended runs with all that belongs to them, events, idempotency keys.

use engine::{Class, Kind, RunId, Status};

use crate::{
    Batch, Error,
    seam::{Value, args},
};

/// Rows that one call deletes at most, so that a transaction stays short.
const SWEEP: i64 = 500;

/// Tables with a row or more for a run.
const OF_RUN: &[&str] = &[
    "DELETE FROM inputs WHERE run_id = $1",
    "DELETE FROM attempts WHERE run_id = $1",
    "DELETE FROM results WHERE run_id = $1",
    "DELETE FROM checkpoints WHERE run_id = $1",
    "DELETE FROM logs WHERE run_id = $1",
    "DELETE FROM log_positions WHERE run_id = $1",
    "DELETE FROM log_sizes WHERE run_id = $1",
    "DELETE FROM runs WHERE id = $1",
];

/// Deletes runs that ended before `before`; answers how many. Call it until it answers 0.
///
/// # Errors
/// The database's.
pub fn runs(batch: &mut Batch<'_, '_>, before: i64) -> Result<usize, Error> {
    // Ids order by the time of their making, and a run ends after it is made: a run that ended
    // before `before` has an id below that of the time.
    const ENDED: &str = "SELECT id, kind, class FROM runs
        WHERE status = $1 AND id < $2 AND ended_at < $3 ORDER BY id LIMIT $4 {lock}";
    let below = first_id_at(before);
    let mut deleted = 0;
    for status in [Status::Completed, Status::Failed, Status::Cancelled] {
        let old: Vec<(RunId, Kind, Class)> = batch.tx.all(
            ENDED,
            args![status.as_str(), &below, before, SWEEP],
            |row| Ok((row.run_id(0)?, row.name(1)?, row.name(2)?)),
        )?;
        let ids: Vec<[Value<'_>; 1]> = old.iter().map(|(id, ..)| [id.into()]).collect();
        for statement in OF_RUN {
            batch.tx.exec_many(statement, &ids)?;
        }
        for (_, kind, class) in &old {
            batch.count(*kind, status, *class, -1);
        }
        deleted += old.len();
    }
    Ok(deleted)
}

/// Deletes events older than `before`, oldest first and without leaving a gap; answers how many.
/// Call it until it answers 0.
///
/// # Errors
/// The database's.
pub fn events(batch: &mut Batch<'_, '_>, before: i64) -> Result<u64, Error> {
    const LAST: &str = "SELECT MAX(seq) FROM
        (SELECT seq, at FROM events ORDER BY seq LIMIT $2) AS oldest WHERE at < $1";
    const DELETE: &str = "DELETE FROM events WHERE seq <= $1";
    const REMOVED: &str = "UPDATE event_head SET removed = $1 WHERE id = 1 AND removed < $1";
    let Some(last) = batch
        .tx
        .first(LAST, args![before, SWEEP * 10], |row| row.opt_int(0))?
        .flatten()
    else {
        return Ok(0);
    };
    batch.tx.exec(REMOVED, args![last])?;
    batch.tx.exec(DELETE, args![last])
}

/// Forgets idempotency keys older than `before`.
///
/// # Errors
/// The database's.
pub fn idempotency_keys(batch: &mut Batch<'_, '_>, before: i64) -> Result<u64, Error> {
    batch.tx.exec(
        "DELETE FROM idempotency_keys WHERE created_at < $1",
        args![before],
    )
}

/// The lowest id that a run made at this time can have: the first six bytes of a UUID of version 7
/// are the time.
fn first_id_at(at: i64) -> RunId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&at.max(0).to_be_bytes()[2..]);
    RunId::from_bytes(bytes)
}
