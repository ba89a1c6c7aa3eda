//! The holder stops performing a run that has not ended: it waits, and its slot is free.

use super::{changed, event, moved, owned, rejected};
use crate::{
    Attempt, AttemptEnd, Change, Event, EventType, Holder, Rejected, Run, State, Wait, WaitFor,
};

pub(super) fn step(
    run: &Run,
    holder: &Holder,
    wait: Wait,
    seen: i64,
    live_children: u64,
) -> Result<Change, Rejected> {
    owned(run, holder, "park")?;
    let for_children = matches!(wait.reason, WaitFor::Child | WaitFor::Children);
    // What happened after the holder looked may be what it wants to wait for: it must look again.
    let outdated = run.signals.generation > seen || (for_children && live_children == 0);
    if outdated || run.signals.cancel > 0 {
        return Err(rejected(run, "park"));
    }
    let (wait, signals) = if run.signals.pause > 0 {
        // Only a resume may queue a paused run. After it, the holder looks at everything else again.
        (Wait::new(WaitFor::Operator), run.signals)
    } else {
        let due_at = None;
        (Wait { due_at, ..wait }, run.signals.acknowledged(seen))
    };
    let run = Run {
        signals,
        ..moved(run, State::Waiting(wait))
    };
    let event = Event {
        executor: run.executor.clone(),
        ..waiting(&run, wait)
    };
    Ok(Change {
        attempt: Some(Attempt::Closed(AttemptEnd::Parked)),
        events: vec![event],
        ..changed(run)
    })
}

/// The event of a run that waits from now on.
pub(super) fn waiting(run: &Run, wait: Wait) -> Event {
    Event {
        reason: Some(wait.reason.to_string()),
        due_at: wait.timeout.map(|(at, _)| at),
        ..event(run, EventType::Waiting)
    }
}
