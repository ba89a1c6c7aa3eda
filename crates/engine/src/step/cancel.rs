//! A run is called off.

use super::{changed, event, moved, rejected};
use crate::{Change, Event, EventType, Outcome, Rejected, Run, Signal, State};

/// The contract's cancel: only of a run that does not run.
pub(super) fn pending(run: &Run, now: i64) -> Result<Change, Rejected> {
    match run.state {
        State::Held | State::Scheduled { .. } | State::Queued => Ok(ended(run, now)),
        State::Running(_) | State::Done { .. } => Err(rejected(run, "cancel")),
    }
}

/// A cancel wherever the run stands. A running one is asked to stop; asking again changes nothing.
pub(super) fn anywhere(run: &Run, now: i64) -> Result<Change, Rejected> {
    match &run.state {
        State::Running(_) if run.signal == Some(Signal::Cancel) => Ok(changed(run.clone())),
        State::Running(lease) => {
            let state = State::Running(lease.clone());
            let run = Run {
                signal: Some(Signal::Cancel),
                ..moved(run, state)
            };
            let event = Event {
                executor: run.executor.clone(),
                ..event(&run, EventType::CancelRequested)
            };
            Ok(Change {
                event: Some(event),
                cancel_children: true,
                ..changed(run)
            })
        }
        _ => pending(run, now),
    }
}

fn ended(run: &Run, now: i64) -> Change {
    let run = moved(
        run,
        State::Done {
            outcome: Outcome::Cancelled,
            at: now,
        },
    );
    let event = event(&run, EventType::Cancelled);
    Change {
        event: Some(event),
        cancel_children: true,
        ..changed(run)
    }
}
