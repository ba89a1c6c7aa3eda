//! The holder has finished a part of the work. What the part is, the store keeps.

use super::{changed, event, held, moved};
use crate::{Change, Event, EventType, Holder, Rejected, Run, State};

pub(super) fn step(run: &Run, holder: &Holder) -> Result<Change, Rejected> {
    let lease = held(run, holder, "checkpoint")?;
    let run = moved(run, State::Running(lease.clone()));
    let event = Event {
        executor: run.executor.clone(),
        ..event(&run, EventType::Checkpointed)
    };
    Ok(Change {
        event: Some(event),
        ..changed(run)
    })
}
