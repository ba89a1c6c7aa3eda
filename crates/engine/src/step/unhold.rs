//! A held run may start.

use super::{rejected, wake};
use crate::{Change, Rejected, Run, State};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.state != State::Held {
        return Err(rejected(run, "unhold"));
    }
    Ok(wake::ready(wake::queued(run, aging_step_ms, now)))
}
