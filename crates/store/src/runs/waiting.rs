//! Runs that wait: they are parked by their holders, and woken by what they wait for.

use engine::{Command, Holder, Run, RunId, Wait, WaitFor};

use super::{
    apply::{decide, lock},
    parts::hold,
};
use crate::{Batch, Error, driver::args};

/// The holder stops performing a run, which waits from now on. `seen` is the newest generation of signals
/// that the holder looked at.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Rejected`], also when something has happened since; or the database's.
pub fn park(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    holder: Holder,
    wait: Wait,
    seen: i64,
    now: i64,
) -> Result<Run, Error> {
    let run = hold(batch, id, &holder, "park")?;
    // The run is locked: a child that ends after this count finds a run that waits.
    let live_children = live_children(batch, id, wait.reason)?;
    let command = Command::Park {
        holder,
        wait,
        seen,
        live_children,
    };
    decide(batch, &run, &command, now)
}

/// What a run waits for has come. If it waits for something else, or has ended, nothing changes.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub fn wake(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    reason: WaitFor,
    aging_step_ms: i64,
    now: i64,
) -> Result<Run, Error> {
    let run = lock(batch, id)?;
    let command = Command::Wake {
        reason,
        live_children: live_children(batch, id, reason)?,
        aging_step_ms,
    };
    decide(batch, &run, &command, now)
}

/// Wakes the runs whose children ended in this transaction: once each, however many ended.
pub(crate) fn wake_parents(batch: &mut Batch<'_, '_>, aging_step_ms: i64) -> Result<(), Error> {
    let (parents, now) = batch.take_parents();
    for id in parents {
        match wake(batch, id, WaitFor::Child, aging_step_ms, now) {
            // Retention removes a run that has ended, whatever its children do.
            Ok(_) | Err(Error::NotFound(_)) => {}
            // Its children must be able to end.
            Err(Error::Corrupt(why)) => tracing::error!(run_id = %id, why, "an unreadable run"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How many children of a run have not ended, if the wait is about them.
fn live_children(batch: &mut Batch<'_, '_>, id: RunId, reason: WaitFor) -> Result<u64, Error> {
    // The engine asks whether there are any.
    const LIVE: &str = "SELECT 1 FROM runs WHERE parent = $1 AND ended_at IS NULL LIMIT 1";
    if !matches!(reason, WaitFor::Child | WaitFor::Children) {
        return Ok(0);
    }
    Ok(batch.tx.all(LIVE, args![&id], |_| Ok(()))?.len() as u64)
}
