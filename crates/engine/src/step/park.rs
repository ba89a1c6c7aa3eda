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
    // What happened since the holder looked may be what it wants to wait for: it must look again.
    if run.signals.generation > seen || (for_children && live_children == 0) {
        return Err(rejected(run, "park"));
    }
    let wait = Wait {
        due_at: None,
        ..wait
    };
    let run = Run {
        signals: run.signals.acknowledged(seen),
        ..moved(run, State::Waiting(wait))
    };
    Ok(Change {
        attempt: Some(Attempt::Closed(AttemptEnd::Parked)),
        events: vec![waiting(&run, wait)],
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
