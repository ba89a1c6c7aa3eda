//! The lease was not extended: either its executor is lost, or the attempt exceeded its time limit and
//! its lease could not be extended any further. Or the run is not running, and the time of all attempts
//! together is over.

use super::{last_end, rejected, requeue};
use crate::{AttemptEnd, Change, Outcome, Rejected, Run, State};

pub(super) fn step(
    run: &Run,
    lease_ms: i64,
    retry: &requeue::RetryInputs,
    now: i64,
) -> Result<Change, Rejected> {
    let lease = match &run.state {
        State::Running(lease) => lease,
        State::Scheduled { .. } | State::Queued | State::Waiting(_)
            if run.deadline.is_some_and(|at| at <= now) =>
        {
            let error = Some("its time was over before another attempt began".to_owned());
            let outcome = match run.signals.cancel {
                0 => Outcome::Failed,
                _ => Outcome::Cancelled,
            };
            return Ok(requeue::ended_unowned(run, outcome, error, now));
        }
        _ => return Err(rejected(run, "expire")),
    };
    if lease.until > now {
        return Err(rejected(run, "expire"));
    }
    if last_end(run, lease, lease_ms).is_some_and(|last| lease.until >= last) {
        let error = Some("its executor did not stop it at its time limit".to_owned());
        return Ok(requeue::failed(
            run,
            AttemptEnd::Overtime,
            error,
            retry,
            now,
        ));
    }
    let error = "the executor was lost: its lease expired".to_owned();
    Ok(requeue::lost(run, lease.token, error, now))
}
