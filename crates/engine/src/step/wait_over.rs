//! A run has waited as long as it may.

use super::{cancel, rejected, requeue, wake};
use crate::{Change, OnTimeout, Outcome, Rejected, Run, State};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    let State::Waiting(wait) = run.state else {
        return Err(rejected(run, "wait_over"));
    };
    let Some((_, then)) = wait.timeout.filter(|(at, _)| *at <= now) else {
        return Err(rejected(run, "wait_over"));
    };
    let error = Some(format!("it waited too long ({})", wait.reason));
    Ok(match then {
        OnTimeout::Resume => wake::ready(wake::queued(run, aging_step_ms, now)),
        OnTimeout::Fail => requeue::ended_unowned(run, Outcome::Failed, error, now),
        OnTimeout::Cancel => cancel::unowned(run, error, now),
    })
}
