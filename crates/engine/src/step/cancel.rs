//! A run is cancelled.

use super::{changed, event, moved, rejected, requeue};
use crate::{Change, Command, EventType, Outcome, Rejected, Run, Signal, State};

/// The contract's cancel: only of a run that is not running.
pub(super) fn pending(run: &Run, now: i64) -> Result<Change, Rejected> {
    if matches!(run.state, State::Running(_) | State::Done { .. }) {
        return Err(rejected(run, "cancel"));
    }
    Ok(unowned(run, None, now))
}

/// A cancel in any state. A running run is asked to stop; a second request changes nothing.
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
    Ok(Change {
        events: vec![event(&run, EventType::CancelRequested)],
        for_children: Some(Command::signal(Signal::Cancel)),
        ..changed(run)
    })
}

/// A run without a holder is cancelled at once, and its children with it.
pub(super) fn unowned(run: &Run, error: Option<String>, now: i64) -> Change {
    Change {
        for_children: Some(Command::signal(Signal::Cancel)),
        ..requeue::ended_unowned(run, Outcome::Cancelled, error, now)
    }
}
