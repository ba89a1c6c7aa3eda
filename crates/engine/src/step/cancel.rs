//! A run is cancelled.

use super::{changed, event, moved, rejected, requeue, wake};
use crate::{Change, Command, EventType, Outcome, Rejected, Run, Signal, Signals, State};

/// The contract's cancel: only of a run that is not running.
pub(super) fn pending(run: &Run, now: i64) -> Result<Change, Rejected> {
    if matches!(run.state, State::Running(_) | State::Done { .. }) {
        return Err(rejected(run, "cancel"));
    }
    Ok(unowned(run, None, now))
}

/// A cancel in any state. A running run is asked to stop; one that cleans up is queued for that. A second
/// request changes nothing.
pub(super) fn anywhere(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.signals.cancel > 0 && !run.state.status().is_terminal() {
        return Ok(changed(run.clone()));
    }
    let run = match &run.state {
        State::Running(lease) => Run {
            signals: run.signals.with(Signal::Cancel),
            ..moved(run, State::Running(lease.clone()))
        },
        State::Scheduled { .. } | State::Queued | State::Waiting(_) if run.has_cleanup() => {
            let run = Run {
                signals: run.signals.with(Signal::Cancel),
                ..wake::queued(run, aging_step_ms, now)
            };
            cleaning_up(run)
        }
        _ => return pending(run, now),
    };
    Ok(Change {
        events: vec![event(&run, EventType::CancelRequested)],
        for_children: Some(Command::signal(Signal::Cancel)),
        ..changed(run)
    })
}

/// A cancelled run that waits for an executor: nothing else that operators asked for matters any more.
pub(super) fn cleaning_up(run: Run) -> Run {
    let signals = Signals {
        pause: 0,
        skip: 0,
        ..run.signals
    };
    Run { signals, ..run }
}

/// A run without a holder is cancelled at once, and its children with it.
pub(super) fn unowned(run: &Run, error: Option<String>, now: i64) -> Change {
    Change {
        for_children: Some(Command::signal(Signal::Cancel)),
        ..requeue::ended_unowned(run, Outcome::Cancelled, error, now)
    }
}
