//! The holder reports what happened to parts of the work. The store keeps the rows of the parts.

use super::{changed, event, moved, owned};
use crate::{Change, Event, EventType, Holder, PartChange, Rejected, Run, Stage, State};

pub(super) fn step(
    run: &Run,
    holder: &Holder,
    parts: &[PartChange],
    state: bool,
    acknowledged: i64,
) -> Result<Change, Rejected> {
    let lease = owned(run, holder, "advance")?;
    // A skipped part is not progress: no work was done.
    let progress = |part: &PartChange| matches!(part.stage, Stage::Completed | Stage::Failed);
    let last_progress_token = if parts.iter().any(progress) {
        lease.token
    } else {
        run.last_progress_token
    };
    let run = Run {
        last_progress_token,
        signals: run.signals.acknowledged(acknowledged),
        ..moved(run, State::Running(lease.clone()))
    };
    let of_parts = parts.iter().map(|part| Event {
        part: Some(part.clone()),
        ..event(&run, event_type(part))
    });
    let of_state = (state && parts.is_empty()).then(|| event(&run, EventType::Checkpointed));
    let events = of_parts.chain(of_state).collect();
    Ok(Change {
        events,
        ..changed(run)
    })
}

fn event_type(part: &PartChange) -> EventType {
    match part.stage {
        Stage::Started if part.again => EventType::Checkpointed,
        Stage::Started => EventType::PartStarted,
        Stage::Completed => EventType::PartCompleted,
        Stage::Failed => EventType::PartFailed,
        Stage::Skipped => EventType::PartSkipped,
        Stage::Cancelled => EventType::PartCancelled,
        Stage::Interrupted => EventType::PartInterrupted,
    }
}
