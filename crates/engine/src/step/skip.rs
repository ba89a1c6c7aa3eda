//! An operator skips a part: the one that waits, or else the next one.

use super::{changed, event, moved, rejected, wake};
use crate::{Change, EventType, Rejected, Run, Signal, State};

pub(super) fn step(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.signals.cancel > 0 || matches!(run.state, State::Held | State::Done { .. }) {
        return Err(rejected(run, "skip"));
    }
    if run.signals.skip > 0 {
        // Two operators who skip at the same time mean the same part.
        return Ok(changed(run.clone()));
    }
    // A paused run stays paused: its next executor sees the skip after the resume.
    let wakes = matches!(run.state, State::Waiting(_)) && run.signals.pause == 0;
    let next = if wakes {
        wake::queued(run, aging_step_ms, now)
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
