//! A run has waited for as long as it may.

use super::{moved, rejected, requeue, wake};
use crate::{Change, OnTimeout, Outcome, Rejected, Run, State};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    let State::Waiting(wait) = run.state else {
        return Err(rejected(run, "wait_over"));
    };
    let Some((_, then)) = wait.timeout.filter(|(at, _)| *at <= now) else {
        return Err(rejected(run, "wait_over"));
    };
    let outcome = match then {
        OnTimeout::Resume => return Ok(wake::queued(run, aging_step_ms, now)),
        OnTimeout::Fail => Outcome::Failed,
        OnTimeout::Cancel => Outcome::Cancelled,
    };
    let error = format!("it waited too long: nothing came of {}", wait.reason);
    let done = moved(run, State::Done { outcome, at: now });
    Ok(requeue::ended_unowned(done, outcome, Some(error)))
}
