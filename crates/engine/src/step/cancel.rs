//! A run is cancelled.

use super::{changed, event, moved, rejected, requeue};
use crate::{Change, Command, Event, EventType, Outcome, Rejected, Run, Signal, State};

/// The contract's cancel: only of a run that does not run.
pub(super) fn pending(run: &Run, now: i64) -> Result<Change, Rejected> {
    if matches!(run.state, State::Running(_) | State::Done { .. }) {
        return Err(rejected(run, "cancel"));
    }
    let outcome = Outcome::Cancelled;
    let run = moved(run, State::Done { outcome, at: now });
    Ok(Change {
        for_children: Some(Command::signal(Signal::Cancel)),
        ..requeue::ended_unowned(run, outcome, None)
    })
}

/// A cancel wherever the run stands. A running one is asked to stop; asking again changes nothing.
pub(super) fn anywhere(run: &Run, now: i64) -> Result<Change, Rejected> {
    let State::Running(lease) = &run.state else {
        return pending(run, now);
    };
    if run.signals.cancel > 0 {
        return Ok(changed(run.clone()));
    }
    let run = Run {
        signals: run.signals.with(Signal::Cancel),
        ..moved(run, State::Running(lease.clone()))
    };
    let event = Event {
        executor: run.executor.clone(),
        ..event(&run, EventType::CancelRequested)
    };
    Ok(Change {
        events: vec![event],
        for_children: Some(Command::signal(Signal::Cancel)),
        ..changed(run)
    })
}
