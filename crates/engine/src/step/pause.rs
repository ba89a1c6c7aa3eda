//! An operator pauses a run, or lets it go on.

use super::{changed, event, moved, park, rejected};
use crate::{
    Change, Command, Event, EventType, Rejected, Run, Signal, State, Wait, WaitFor, sort_key,
};

/// A run that no executor performs is paused at once; a holder is asked to park it at the next boundary.
pub(super) fn pause(run: &Run) -> Result<Change, Rejected> {
    if run.signals.cancel > 0 || matches!(run.state, State::Held | State::Done { .. }) {
        return Err(rejected(run, "pause"));
    }
    if run.signals.pause > 0 {
        return Ok(changed(run.clone()));
    }
    let run = &Run {
        signals: run.signals.with(Signal::Pause),
        ..run.clone()
    };
    let change = match &run.state {
        State::Running(lease) => {
            let run = moved(run, State::Running(lease.clone()));
            let event = Event {
                executor: run.executor.clone(),
                ..event(&run, EventType::PauseRequested)
            };
            Change {
                events: vec![event],
                ..changed(run)
            }
        }
        state => {
            let due_at = match state {
                State::Scheduled { due_at } => Some(*due_at),
                _ => None,
            };
            paused(run, due_at)
        }
    };
    Ok(Change {
        for_children: Some(Command::signal(Signal::Pause)),
        ..change
    })
}

/// A run that no executor performs waits for the operator. What it waited for before, its executor looks at
/// again after the resume.
pub(super) fn paused(run: &Run, due_at: Option<i64>) -> Change {
    let wait = Wait {
        due_at,
        ..Wait::new(WaitFor::Operator)
    };
    let run = moved(run, State::Waiting(wait));
    Change {
        events: vec![park::waiting(&run, wait)],
        ..changed(run)
    }
}

pub(super) fn resume(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.signals.cancel > 0 {
        return Err(rejected(run, "resume"));
    }
    let next = match &run.state {
        State::Running(lease) if run.signals.pause > 0 => moved(run, State::Running(lease.clone())),
        State::Waiting(wait) if wait.reason == WaitFor::Operator => {
            let due_at = wait.due_at.filter(|due_at| *due_at > now);
            let state = due_at.map_or(State::Queued, |due_at| State::Scheduled { due_at });
            Run {
                sort_key: sort_key(due_at.unwrap_or(now), run.priority, aging_step_ms),
                ..moved(run, state)
            }
        }
        _ => return Err(rejected(run, "resume")),
    };
    let run = Run {
        signals: run.signals.with(Signal::Resume),
        ..next
    };
    Ok(Change {
        events: vec![event(&run, EventType::Resumed)],
        for_children: Some(Command::Signal {
            signal: Signal::Resume,
            aging_step_ms,
        }),
        ..changed(run)
    })
}
