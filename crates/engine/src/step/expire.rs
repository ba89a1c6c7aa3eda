//! Nobody extended the lease: either its executor is lost, or the attempt ran over its time limit and
//! was not allowed to extend. Or the time of all attempts together is over while none runs.

use super::{last_end, rejected, requeue};
use crate::{AttemptEnd, Change, Rejected, Run, State};

pub(super) fn step(
    run: &Run,
    lease_ms: i64,
    wait: &requeue::Wait,
    now: i64,
) -> Result<Change, Rejected> {
    let lease = match &run.state {
        State::Running(lease) => lease,
        State::Scheduled { .. } | State::Queued | State::Waiting(_)
            if run.deadline.is_some_and(|at| at <= now) =>
        {
            return Ok(requeue::overdue(run, now));
        }
        _ => return Err(rejected(run, "expire")),
    };
    if lease.until > now {
        return Err(rejected(run, "expire"));
    }
    if last_end(run, lease, lease_ms).is_some_and(|last| lease.until >= last) {
        let error = Some("its executor did not stop it at its time limit".to_owned());
        return Ok(requeue::failed(run, AttemptEnd::Overtime, error, wait, now));
    }
    let error = "the executor was lost: its lease expired".to_owned();
    Ok(requeue::lost(run, lease.token, error, now))
}
