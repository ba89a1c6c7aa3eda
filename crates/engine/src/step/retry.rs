//! A run that has ended starts again: the only way out of a terminal state.

use super::{changed, event, rejected, wake};
use crate::{Change, EventType, Rejected, Run, State};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if !matches!(run.state, State::Done { .. }) {
        return Err(rejected(run, "retry"));
    }
    let run = Run {
        failure_count: 0,
        deadline: None,
        ..wake::queued(run, aging_step_ms, now)
    };
    Ok(Change {
        events: vec![event(&run, EventType::Retried)],
        ..changed(run)
    })
}
