//! An operator skips a part: the one that waits, else the next one.

use super::{changed, event, moved, rejected};
use crate::{Change, EventType, Rejected, Run, Signal, State, sort_key};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.signals.cancel > 0 || matches!(run.state, State::Held | State::Done { .. }) {
        return Err(rejected(run, "skip"));
    }
    if run.signals.skip > 0 {
        // Two operators who skip at the same time mean the same part.
        return Ok(changed(run.clone()));
    }
    // A paused run stays paused: what is skipped is seen to after its resume.
    let wakes = matches!(run.state, State::Waiting(_)) && run.signals.pause == 0;
    let next = if wakes {
        Run {
            sort_key: sort_key(now, run.priority, aging_step_ms),
            ..moved(run, State::Queued)
        }
    } else {
        moved(run, run.state.clone())
    };
    let run = Run {
        signals: run.signals.with(Signal::Skip),
        ..next
    };
    Ok(Change {
        events: vec![event(&run, EventType::SkipRequested)],
        ..changed(run)
    })
}
