//! What a run waits for has come.

use super::{changed, event, moved};
use crate::{Change, EventType, Run, State, WaitFor, sort_key};

/// Queues the run if it waits for this. A holder that may be about to park the run has to look again.
/// Otherwise nothing changes: what causes a wake must not fail because the run is in another state.
pub(super) fn step(
    run: &Run,
    reason: WaitFor,
    live_children: u64,
    aging_step_ms: i64,
    now: i64,
) -> Change {
    match &run.state {
        State::Running(lease) => changed(Run {
            signals: run.signals.advanced(),
            ..moved(run, State::Running(lease.clone()))
        }),
        State::Waiting(wait) if ends_wait(wait.reason, reason, live_children) => {
            ready(queued(run, aging_step_ms, now))
        }
        _ => changed(run.clone()),
    }
}

/// Whether the run waits for what came. An operator resumes, and a time is a timeout: they do not wake.
fn ends_wait(awaited: WaitFor, came: WaitFor, live_children: u64) -> bool {
    match awaited {
        WaitFor::Operator | WaitFor::Time => false,
        // It may wait for its children beside: it looks, and waits again.
        WaitFor::Approval => !matches!(came, WaitFor::Operator | WaitFor::Time),
        WaitFor::Child => matches!(came, WaitFor::Child | WaitFor::Children),
        // The end of an operation is the end of a child, or news of its playground: it looks either way.
        WaitFor::Playground => matches!(
            came,
            WaitFor::Playground | WaitFor::Child | WaitFor::Children
        ),
        WaitFor::Children => {
            matches!(came, WaitFor::Child | WaitFor::Children) && live_children == 0
        }
    }
}

/// The run in the queue, ready from now on.
pub(super) fn queued(run: &Run, aging_step_ms: i64, now: i64) -> Run {
    Run {
        sort_key: sort_key(now, run.priority, aging_step_ms),
        ..moved(run, State::Queued)
    }
}

/// The change to a run that may be claimed now.
pub(super) fn ready(run: Run) -> Change {
    Change {
        events: vec![event(&run, EventType::Ready)],
        ..changed(run)
    }
}
