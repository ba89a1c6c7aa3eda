//! Operations on playgrounds are started.

use engine::{Command, Kind, RunId, Signal};

use super::create::{is_of, remember, repeated};
use crate::{
    Batch, Error, IdempotencyKey, Read,
    audit::AuditEntry,
    driver::args,
    runs::{self, Submit},
};

/// The key that at most one live operation of a playground has.
#[must_use]
pub fn exclusive_key(id: i64) -> String {
    format!("playground:{id}")
}

/// Whether an operation starts services: what a job came to before does not count any more.
#[must_use]
pub fn starts_services(action: &str) -> bool {
    ["create", "rollout", "hard_restart", "start", "rollback"].contains(&action)
}

/// An operation to be started.
#[derive(Clone, Debug)]
pub struct Operate {
    /// The playground.
    pub playground_id: i64,
    /// It must be as this version says: what is wanted was decided on it.
    pub version: i64,
    /// What is done.
    pub action: &'static str,
    /// Whether it only plans: then it is not the playground's last operation.
    pub plans: bool,
    /// The caller's key for the request.
    pub idempotency: Option<IdempotencyKey>,
    /// The run; it is the only one.
    pub submit: Submit,
}

/// What starting one came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operated {
    /// It is queued.
    Started(RunId),
    /// The same request started one before.
    Repeated,
    /// The playground is another than the one that this was decided on: look again.
    Changed,
    /// There is no such playground.
    Missing,
}

/// Starts an operation.
///
/// # Errors
/// [`Error::Exclusive`] while another one has not ended; [`Error::KeyReused`]; the database's.
pub fn operate(batch: &mut Batch<'_, '_>, operate: &Operate) -> Result<Operated, Error> {
    const LOCK: &str = "SELECT version FROM playgrounds WHERE id = $1 {lock}";
    const START: &str = "UPDATE playgrounds SET last_run = $2, last_action = $3,
        last_status = NULL, last_error = NULL, last_step = NULL, last_at = NULL, dirty = NULL,
        destroy_at = NULL,
        version = version + 1, updated_at = $4 WHERE id = $1";
    const AGAIN: &str = "UPDATE playgrounds SET job = NULL, job_at = NULL WHERE id = $1";
    let (id, now) = (operate.playground_id, operate.submit.now);
    if let Some((key, hash)) = &operate.idempotency
        && repeated(&mut batch.read(), (key, hash))?.is_some()
    {
        return Ok(Operated::Repeated);
    }
    let version = batch.tx.first(LOCK, args![id], |row| row.int(0))?;
    match version {
        None => return Ok(Operated::Missing),
        Some(version) if version != operate.version => return Ok(Operated::Changed),
        Some(_) => {}
    }
    let none = || Error::Corrupt("an operation was not submitted".to_owned());
    if !is_of(&operate.submit, id) {
        return Err(none());
    }
    let submitted = runs::submit_all(batch, &[&operate.submit])?.pop();
    let run = *submitted.ok_or_else(none)??.ids.first().ok_or_else(none)?;
    if remember(batch, operate.idempotency.as_ref(), id, now)?.is_some() {
        // Both are undone, and the next try sees the key.
        return Err(Error::Conflict(
            "an idempotency key was used meanwhile".to_owned(),
        ));
    }
    if !operate.plans {
        batch.tx.exec(START, args![id, &run, operate.action, now])?;
        if starts_services(operate.action) {
            batch.tx.exec(AGAIN, args![id])?;
        }
    }
    Ok(Operated::Started(run))
}

/// Cancels the operation that has not ended, and notes that the playground is to be destroyed after it. False when
/// the operation has ended, or there is no such playground.
///
/// # Errors
/// The database's.
pub fn destroy_after(
    batch: &mut Batch<'_, '_>,
    (id, operation): (i64, RunId),
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const NOTE: &str = "UPDATE playgrounds SET destroy_at = $2, version = version + 1,
        updated_at = $2 WHERE id = $1";
    // First the run, as where an operation ends.
    let cancel = Command::signal(Signal::Cancel);
    match runs::apply_to(batch, Kind::Operation, operation, &cancel, entry.at) {
        Err(Error::Rejected(_) | Error::NotFound(_)) => return Ok(false),
        applied => applied?,
    };
    let noted = batch.tx.exec(NOTE, args![id, entry.at])? == 1;
    if noted {
        batch.record(entry);
    }
    Ok(noted)
}

/// Up to `limit` playgrounds that are to be destroyed and have no operation that has not ended.
pub fn to_destroy(read: &mut Read<'_, '_>, limit: i64) -> Result<Vec<i64>, Error> {
    const DUE: &str = "SELECT id FROM playgrounds WHERE destroy_at IS NOT NULL
        AND last_status IS NOT NULL ORDER BY destroy_at LIMIT $1";
    read.tx.all(DUE, args![limit], |row| row.int(0))
}

/// The place of an operation in the line of those that wait for the same executors, from 1; `None` when it does not
/// wait.
pub fn place_in_line(read: &mut Read<'_, '_>, run: RunId) -> Result<Option<i64>, Error> {
    const WAITS: &str = "SELECT queue, sort_key FROM runs WHERE id = $1 AND status = 'queued'";
    const BEFORE: &str = "SELECT COUNT(*) FROM runs WHERE status = 'queued' AND queue = $1
        AND (sort_key < $2 OR (sort_key = $2 AND id < $3))";
    let waits = read
        .tx
        .first(WAITS, args![&run], |row| Ok((row.text(0)?, row.int(1)?)))?;
    let Some((queue, sort_key)) = waits else {
        return Ok(None);
    };
    let before = read
        .tx
        .first(BEFORE, args![&queue, sort_key, &run], |row| row.int(0))?;
    Ok(Some(before.unwrap_or(0) + 1))
}
