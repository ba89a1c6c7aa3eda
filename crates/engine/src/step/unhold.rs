//! A held run may start.

use super::{changed, event, moved, rejected};
use crate::{Change, EventType, Rejected, Run, State, sort_key};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.state != State::Held {
        return Err(rejected(run, "unhold"));
    }
    let run = Run {
        sort_key: sort_key(now, run.priority, aging_step_ms),
        ..moved(run, State::Queued)
    };
    Ok(Change {
        events: vec![event(&run, EventType::Ready)],
        ..changed(run)
    })
}
