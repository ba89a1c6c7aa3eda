//! An ended run starts again: the only way out of a terminal state.

use super::{changed, event, moved, rejected};
use crate::{Change, EventType, Rejected, Run, State, sort_key};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if !matches!(run.state, State::Done { .. }) {
        return Err(rejected(run, "retry"));
    }
    let sort_key = sort_key(now, run.priority, aging_step_ms);
    let run = Run {
        sort_key,
        failure_count: 0,
        deadline: None,
        signals: run.signals.closed(),
        ..moved(run, State::Queued)
    };
    Ok(Change {
        events: vec![event(&run, EventType::Retried)],
        ..changed(run)
    })
}
