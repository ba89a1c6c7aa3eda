//! One command on one run.

use engine::{Command, Kind, RunId, step};

use super::row;
use crate::{Batch, Error, seam::args};

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
    // A run never changes its kind: no lock.
    match row::find(batch.tx, id)? {
        Some(run) if run.kind == kind => apply(batch, id, command, now),
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
    let run = row::lock(batch.tx, &[id])?
        .pop()
        .flatten()
        .ok_or(Error::NotFound(id))?;
    let change = step(&run, command, now)?;
    let after = change.run.clone();
    if after.version == run.version {
        return Ok(after);
    }
    let revived = run.state.status().is_terminal() && !after.state.status().is_terminal();
    let exclusive_key = run.exclusive_key.clone().filter(|_| revived);
    if let Some(key) = &exclusive_key
        && row::is_taken(batch.tx, key)?
    {
        return Err(Error::Exclusive(key.clone()));
    }
    let cancel_children = change.cancel_children;
    if let Some(error) = &change.error {
        super::finish::write_error(batch.tx, id, error)?;
    }
    row::write(batch, &[(run.state.status(), change, "")], now).map_err(|error| {
        match (error, exclusive_key) {
            // Another server was faster.
            (Error::Constraint(_), Some(key)) => Error::Exclusive(key),
            (error, _) => error,
        }
    })?;
    if cancel_children {
        for child in children(batch, id)? {
            // A child that has ended meanwhile needs no cancel.
            match apply(batch, child, &Command::Cancel, now) {
                Ok(_) | Err(Error::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(after)
}

fn children(batch: &mut Batch<'_, '_>, id: RunId) -> Result<Vec<RunId>, Error> {
    const CHILDREN: &str = "SELECT id FROM runs WHERE parent = $1 AND ended_at IS NULL
        ORDER BY id";
    batch.tx.all(CHILDREN, args![&id], |row| row.run_id(0))
}
