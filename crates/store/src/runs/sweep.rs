//! What the loops do to many runs: time has come, time is over.

use engine::{Command, Kind, RunId};

use super::apply;
use crate::{Batch, Error, Read, driver::args, retention::first_id_at};

/// Runs that one sweep changes at most, so that a transaction stays short.
const SWEEP: i64 = 500;

/// Makes scheduled runs ready whose time has come, and ends waits that took too long; answers how many,
/// and when the next of either is due.
pub fn due(
    batch: &mut Batch<'_, '_>,
    aging_step_ms: i64,
    now: i64,
) -> Result<(usize, Option<i64>), Error> {
    const DUE: &str = "SELECT id FROM runs WHERE status = 'scheduled' AND due_at <= $1
        ORDER BY due_at LIMIT $2";
    const OVER: &str = "SELECT id FROM runs WHERE wait_until <= $1 ORDER BY wait_until LIMIT $2";
    let ids = batch.tx.all(DUE, args![now, SWEEP], |row| row.run_id(0))?;
    let made = each(batch, &ids, now, || Command::Due)?.len();
    let ids = batch.tx.all(OVER, args![now, SWEEP], |row| row.run_id(0))?;
    let over = each(batch, &ids, now, || Command::WaitOver { aging_step_ms })?.len();
    Ok((made + over, next_due(&mut Read { tx: batch.tx })?))
}

/// When the next scheduled run is due or the next wait takes too long, epoch milliseconds.
pub fn next_due(read: &mut Read<'_, '_>) -> Result<Option<i64>, Error> {
    const NEXT: &str = "SELECT due_at FROM runs WHERE status = 'scheduled' ORDER BY due_at LIMIT 1";
    const OVER: &str = "SELECT wait_until FROM runs WHERE wait_until IS NOT NULL
        ORDER BY wait_until LIMIT 1";
    let due_at = read.tx.first(NEXT, args![], |row| row.int(0))?;
    let over_at = read.tx.first(OVER, args![], |row| row.int(0))?;
    Ok([due_at, over_at].into_iter().flatten().min())
}

/// Takes away leases that were not extended, and ends runs that do not run and whose time is over;
/// answers which. `draw` gives a random number from 0 to 1 for each.
pub fn expire(
    batch: &mut Batch<'_, '_>,
    lease_ms: i64,
    aging_step_ms: i64,
    jitter: impl Fn() -> f64,
    now: i64,
) -> Result<Vec<RunId>, Error> {
    const EXPIRED: &str = "SELECT id FROM runs WHERE status = 'running' AND lease_until <= $1
        ORDER BY id LIMIT $2";
    const OVERDUE: &str = "SELECT id FROM runs WHERE deadline <= $1 AND ended_at IS NULL
        AND status <> 'running' ORDER BY deadline LIMIT $2";
    let mut ids = batch
        .tx
        .all(EXPIRED, args![now, SWEEP], |row| row.run_id(0))?;
    ids.extend(
        batch
            .tx
            .all(OVERDUE, args![now, SWEEP], |row| row.run_id(0))?,
    );
    // Every writer locks in the order of the ids, so none waits in a circle.
    ids.sort_unstable();
    each(batch, &ids, now, || Command::Expire {
        jitter: jitter(),
        aging_step_ms,
        lease_ms,
    })
}

/// Calls off runs of this kind that were submitted before `before` and are held since: no caller is going
/// to start them. Answers how many.
pub fn cancel_unstarted(
    batch: &mut Batch<'_, '_>,
    kind: Kind,
    before: i64,
    now: i64,
) -> Result<usize, Error> {
    const HELD: &str = "SELECT id FROM runs WHERE status = 'held' AND id < $1 AND kind = $2
        ORDER BY id LIMIT $3";
    let below = first_id_at(before);
    let args = args![&below, kind.as_str(), SWEEP];
    let ids = batch.tx.all(HELD, args, |row| row.run_id(0))?;
    Ok(each(batch, &ids, now, || Command::CancelPending)?.len())
}

fn each(
    batch: &mut Batch<'_, '_>,
    ids: &[RunId],
    now: i64,
    command: impl Fn() -> Command,
) -> Result<Vec<RunId>, Error> {
    let mut changed = Vec::new();
    for id in ids {
        // What fails leaves nothing behind.
        match batch.savepoint(|batch| apply(batch, *id, &command(), now)) {
            Ok(_) => changed.push(*id),
            // Another server was faster.
            Err(Error::Rejected(_) | Error::NotFound(_)) => {}
            // Nothing can be done about it here, and the others are not to wait for it.
            Err(Error::Corrupt(why)) => tracing::error!(run_id = %id, why, "an unreadable run"),
            Err(error) => return Err(error),
        }
    }
    Ok(changed)
}
