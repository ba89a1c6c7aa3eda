//! The holder notes how far it is. What it noted, the store keeps.

use super::{changed, event, held, moved};
use crate::{Change, Event, EventType, Holder, Part, Rejected, Run, Stage, State};

pub(super) fn step(run: &Run, holder: &Holder, part: Option<&Part>) -> Result<Change, Rejected> {
    let lease = held(run, holder, "checkpoint")?;
    // Whoever left a part out has done nothing yet.
    let ended = part.is_some_and(|part| matches!(part.stage, Stage::Completed | Stage::Failed));
    let run = Run {
        advanced: if ended { lease.token } else { run.advanced },
        ..moved(run, State::Running(lease.clone()))
    };
    let event_type = match part.map(|part| part.stage) {
        None => EventType::Checkpointed,
        Some(Stage::Started) => EventType::PartStarted,
        Some(Stage::Completed) => EventType::PartCompleted,
        Some(Stage::Failed) => EventType::PartFailed,
        Some(Stage::Skipped) => EventType::PartSkipped,
    };
    let event = Event {
        executor: run.executor.clone(),
        part: part.cloned(),
        ..event(&run, event_type)
    };
    Ok(Change {
        event: Some(event),
        ..changed(run)
    })
}
