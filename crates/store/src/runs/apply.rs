//! One command on one run.

use engine::{Command, Kind, RunId, step};

use super::{
    row,
    update::{self, Before, Update},
};
use crate::{Batch, Error, audit::AuditEntry, driver::args};

/// Applies `command` to a run, which must be of this kind, because a caller asked for it; writes that
/// down if it changes the run.
pub fn entry(
    batch: &mut Batch<'_, '_>,
    kind: Kind,
    id: RunId,
    command: &Command,
    entry: &AuditEntry,
) -> Result<engine::Run, Error> {
    must_be(batch, kind, id)?;
    let (after, changed) = change(batch, id, command, entry.at)?;
    if changed {
        batch.record(entry);
    }
    Ok(after)
}

/// [`apply`], to a run that must be of this kind.
///
/// # Errors
/// As [`apply`]; a run of another kind is not found.
pub fn apply_to(
    batch: &mut Batch<'_, '_>,
    kind: Kind,
    id: RunId,
    command: &Command,
    now: i64,
) -> Result<engine::Run, Error> {
    must_be(batch, kind, id)?;
    apply(batch, id, command, now)
}

fn must_be(batch: &mut Batch<'_, '_>, kind: Kind, id: RunId) -> Result<(), Error> {
    // A run never changes its kind: no lock.
    match row::find(batch.tx, id)? {
        Some(run) if run.kind == kind => Ok(()),
        _ => Err(Error::NotFound(id)),
    }
}

/// Applies `command` to a run, and what follows from it to the runs that belong to it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], [`Error::Exclusive`] for a retry, or the database's.
pub fn apply(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    command: &Command,
    now: i64,
) -> Result<engine::Run, Error> {
    change(batch, id, command, now).map(|(after, _)| after)
}

/// The run as it is then, and whether that is new.
fn change(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    command: &Command,
    now: i64,
) -> Result<(engine::Run, bool), Error> {
    let run = lock(batch, id)?;
    let after = decide(batch, &run, command, now)?;
    let changed = after.version != run.version;
    Ok((after, changed))
}

/// Replaces what a run works on, if the run's version is this one; false otherwise. Others cannot change the run
/// until the end of the transaction.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub fn replace_input(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    version: i64,
    input: &[u8],
) -> Result<bool, Error> {
    const REPLACE: &str = "UPDATE inputs SET body = $2 WHERE run_id = $1";
    // Of two who prepared one at the same time the second is refused.
    const RAISE: &str = "UPDATE runs SET version = version + 1 WHERE id = $1";
    if lock(batch, id)?.version != version {
        return Ok(false);
    }
    batch.tx.exec(REPLACE, args![&id, input])?;
    batch.tx.exec(RAISE, args![&id])?;
    Ok(true)
}

/// The run, which others cannot change until the end of the transaction.
pub(crate) fn lock(batch: &mut Batch<'_, '_>, id: RunId) -> Result<engine::Run, Error> {
    let run = row::lock(batch.tx, &[id])?.pop().flatten();
    run.ok_or(Error::NotFound(id))
}

/// Applies a command to a run that is locked; answers the run as it is then.
pub(super) fn decide(
    batch: &mut Batch<'_, '_>,
    run: &engine::Run,
    command: &Command,
    now: i64,
) -> Result<engine::Run, Error> {
    let mut change = step(run, command, now)?;
    let after = change.run.clone();
    if after.version == run.version {
        return Ok(after);
    }
    let revived = run.state.status().is_terminal() && !after.state.status().is_terminal();
    let exclusive_key = run.exclusive_key.clone().filter(|_| revived);
    if let Some(key) = &exclusive_key
        && let Some(run) = row::of_key(batch.tx, key)?
    {
        let key = key.clone();
        return Err(Error::Exclusive { key, run });
    }
    let for_children = change.for_children.take();
    if let Some(error) = &change.error {
        super::finish::write_error(batch.tx, run.id, error)?;
    }
    let before = Before::from(run);
    let update = Update {
        before,
        change,
        ip: "",
    };
    update::write(batch, &[update], now).map_err(|error| match error {
        // Another server submitted or retried a run with this key meanwhile: the next try finds it.
        Error::Constraint(why) if exclusive_key.is_some() => Error::Conflict(why),
        error => error,
    })?;
    if let Some(command) = for_children {
        apply_to_children(batch, run.id, &command, now)?;
    }
    Ok(after)
}

/// Applies a command to all children of a run that have not ended.
pub(super) fn apply_to_children(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    command: &Command,
    now: i64,
) -> Result<(), Error> {
    for child in live_children(batch, id)? {
        // A child that has ended meanwhile needs none.
        match apply(batch, child, command, now) {
            Ok(_) | Err(Error::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn live_children(batch: &mut Batch<'_, '_>, id: RunId) -> Result<Vec<RunId>, Error> {
    const CHILDREN: &str = "SELECT id FROM runs WHERE parent = $1 AND ended_at IS NULL
        ORDER BY id";
    batch.tx.all(CHILDREN, args![&id], |row| row.run_id(0))
}
