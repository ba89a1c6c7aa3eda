//! What a run waits for has come.

use super::{changed, event, moved};
use crate::{Change, EventType, Run, State, WaitFor, sort_key};

/// It is queued if it waits for this. A holder that may be about to park it is made to look again. Everything
/// else is unchanged: the cause of a wake must not fail because the run has moved on.
pub(super) fn step(
    run: &Run,
    reason: WaitFor,
    live_children: u64,
    aging_step_ms: i64,
    now: i64,
) -> Change {
    match &run.state {
        State::Running(lease) => {
            let state = State::Running(lease.clone());
            changed(Run {
                signals: run.signals.advanced(),
                ..moved(run, state)
            })
        }
        State::Waiting(wait) if comes(wait.reason, reason, live_children) => {
            queued(run, aging_step_ms, now)
        }
        _ => changed(run.clone()),
    }
}

/// Whether what came is what the run waits for.
fn comes(awaited: WaitFor, came: WaitFor, live_children: u64) -> bool {
    match (awaited, came) {
        (WaitFor::Child, WaitFor::Child | WaitFor::Children) => true,
        (WaitFor::Children, WaitFor::Child | WaitFor::Children) => live_children == 0,
        _ => awaited == came,
    }
}

/// A run that waited is queued again.
pub(super) fn queued(run: &Run, aging_step_ms: i64, now: i64) -> Change {
    let run = Run {
        sort_key: sort_key(now, run.priority, aging_step_ms),
        ..moved(run, State::Queued)
    };
    Change {
        events: vec![event(&run, EventType::Ready)],
        ..changed(run)
    }
}
