//! An operator pauses a run, or resumes it.

use super::{changed, event, moved, park, rejected};
use crate::{
    Change, Command, EventType, Rejected, Run, Signal, Signals, State, Wait, WaitFor, sort_key,
};

/// A run without a holder is paused at once; a holder is asked to park it when its current part ends.
pub(super) fn pause(run: &Run) -> Result<Change, Rejected> {
    if run.signals.cancel > 0 || matches!(run.state, State::Held | State::Done { .. }) {
        return Err(rejected(run, "pause"));
    }
    if run.signals.pause > 0 {
        return Ok(changed(run.clone()));
    }
    let signals = run.signals.with(Signal::Pause);
    let (state, wait) = match &run.state {
        State::Running(lease) => (State::Running(lease.clone()), None),
        state => {
            let wait = paused(state);
            (State::Waiting(wait), Some(wait))
        }
    };
    let run = Run {
        signals,
        ..moved(run, state)
    };
    let event = match wait {
        Some(wait) => park::waiting(&run, wait),
        None => event(&run, EventType::PauseRequested),
    };
    Ok(Change {
        events: vec![event],
        for_children: Some(Command::signal(Signal::Pause)),
        ..changed(run)
    })
}

/// How a paused run waits that would be in this state otherwise. If it waited for something else, its next
/// executor looks at that again after the resume.
pub(super) fn paused(state: &State) -> Wait {
    let due_at = match state {
        State::Scheduled { due_at } => Some(*due_at),
        _ => None,
    };
    Wait {
        due_at,
        ..Wait::new(WaitFor::Operator)
    }
}

pub(super) fn resume(run: &Run, aging_step_ms: i64, now: i64) -> Result<Change, Rejected> {
    let Signals { pause, cancel, .. } = run.signals;
    let next = match &run.state {
        State::Running(lease) if pause > 0 && cancel == 0 => {
            moved(run, State::Running(lease.clone()))
        }
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
    // A run that waited for an operator without a pause has no children that were paused with it.
    let for_children = (pause > 0).then_some(Command::Signal {
        signal: Signal::Resume,
        aging_step_ms,
    });
    Ok(Change {
        events: vec![event(&run, EventType::Resumed)],
        for_children,
        ..changed(run)
    })
}
