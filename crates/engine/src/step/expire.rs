//! Nobody extended the lease. Either its executor is lost, or the attempt ran over its time limit
//! and was not allowed to extend.

use super::{last_end, rejected, requeue};
use crate::{AttemptEnd, Change, Rejected, Run, State};

pub(super) fn step(
    run: &Run,
    lease_ms: i64,
    wait: &requeue::Wait,
    now: i64,
) -> Result<Change, Rejected> {
    let State::Running(lease) = &run.state else {
        return Err(rejected(run, "expire"));
    };
    if lease.until > now {
        return Err(rejected(run, "expire"));
    }
    let overtime = run
        .timeout_ms
        .is_some_and(|timeout_ms| lease.until >= last_end(lease, timeout_ms, lease_ms));
    if overtime {
        let error = Some("its executor did not stop it at its time limit".to_owned());
        return Ok(requeue::failed(run, AttemptEnd::TimedOut, error, wait, now));
    }
    Ok(requeue::lost(run, now))
}
