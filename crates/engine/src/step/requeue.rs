//! What follows an attempt that did not complete: another one, or the run's end.

use super::{cancel, changed, event, moved, park, pause};
use crate::{
    Attempt, AttemptEnd, Backoff, Change, Command, Event, EventType, Outcome, Run, Signal, Stage,
    State, sort_key,
};

/// What the delay before the next attempt needs from outside.
pub(super) struct RetryInputs {
    pub(super) jitter: f64,
    pub(super) aging_step_ms: i64,
}

/// The attempt itself failed: the run ends, unless a retry policy asks for another attempt and there is
/// time for it.
pub(super) fn failed(
    run: &Run,
    end: AttemptEnd,
    error: Option<String>,
    retry: &RetryInputs,
    now: i64,
) -> Change {
    if run.signals.cancel > 0 {
        // An attempt that had to be taken away at its time limit did not report that it stopped.
        let end = match end {
            AttemptEnd::Overtime => end,
            _ => AttemptEnd::Cancelled,
        };
        return ended(run, end, Outcome::Cancelled, error, now);
    }
    let run = &Run {
        failure_count: run.failure_count + 1,
        ..run.clone()
    };
    let due_at =
        |backoff: Backoff| now.saturating_add(backoff.wait_ms(run.failure_count, retry.jitter));
    let in_time = |due_at: &i64| run.deadline.is_none_or(|deadline| *due_at < deadline);
    match run.retry.map(due_at).filter(in_time) {
        Some(due_at) if run.failure_count < run.max_attempts => {
            let sort_key = sort_key(due_at, run.priority, retry.aging_step_ms);
            let run = Run {
                sort_key,
                ..run.clone()
            };
            another(&run, State::Scheduled { due_at }, end, error)
        }
        _ => ended(run, end, Outcome::Failed, error, now),
    }
}

/// The attempt with this token was lost with its executor: another attempt at the run's old place in the
/// queue, up to the cap. An attempt that made progress does not count.
pub(super) fn lost(run: &Run, token: i64, error: String, now: i64) -> Change {
    let (end, error) = (AttemptEnd::Lost, Some(error));
    let is_cancelled = run.signals.cancel > 0;
    if is_cancelled && !run.cleans_up {
        return ended(run, end, Outcome::Cancelled, error, now);
    }
    let counted = &Run {
        failure_count: run.failure_count + i64::from(run.last_progress_token != token),
        ..run.clone()
    };
    if counted.failure_count < run.max_attempts {
        return another(counted, State::Queued, end, error);
    }
    if is_cancelled {
        return ended(run, end, Outcome::Cancelled, error, now);
    }
    ended(counted, end, Outcome::Failed, error, now)
}

/// The attempt was released: another one at the run's old place in the queue; it does not count.
pub(super) fn released(run: &Run, reason: Option<&str>, now: i64) -> Change {
    let error = match reason {
        Some(reason) => format!("released by its executor: {reason}"),
        None => "released by its executor".to_owned(),
    };
    let error = Some(error);
    if run.signals.cancel > 0 && !run.cleans_up {
        return ended(run, AttemptEnd::Released, Outcome::Cancelled, error, now);
    }
    another(run, State::Queued, AttemptEnd::Released, error)
}

/// The next attempt begins from `state`, or after a resume if the run was to pause. That of a cancelled run
/// cleans up.
fn another(run: &Run, state: State, end: AttemptEnd, error: Option<String>) -> Change {
    let wait = pause::paused(&state);
    let run = &match run.signals.cancel {
        0 => run.clone(),
        _ => cancel::cleaning_up(run.clone()),
    };
    let paused = run.signals.pause > 0;
    let run = moved(run, if paused { State::Waiting(wait) } else { state });
    let mut events = vec![Event {
        executor: run.executor.clone(),
        reason: error.clone(),
        due_at: wait.due_at,
        ..event(&run, EventType::Requeued)
    }];
    events.extend(paused.then(|| park::waiting(&run, wait)));
    Change {
        attempt: Some(Attempt::Closed(end)),
        events,
        error,
        end_parts: run.kind.has_parts().then_some(Stage::Interrupted),
        ..changed(run)
    }
}

fn ended(run: &Run, end: AttemptEnd, outcome: Outcome, error: Option<String>, now: i64) -> Change {
    Change {
        attempt: Some(Attempt::Closed(end)),
        ..ended_unowned(run, outcome, error, now)
    }
}

/// The end of a run without success. Its last attempt, if there was one, has ended before.
pub(super) fn ended_unowned(
    run: &Run,
    outcome: Outcome,
    error: Option<String>,
    now: i64,
) -> Change {
    let (event_type, stage) = match outcome {
        Outcome::Cancelled => (EventType::Cancelled, Stage::Cancelled),
        _ => (EventType::Failed, Stage::Interrupted),
    };
    let has_parts = run.kind.has_parts();
    let run = Run {
        signals: run.signals.closed(),
        ..moved(run, State::Done { outcome, at: now })
    };
    let event = Event {
        executor: run.executor.clone(),
        reason: error.clone(),
        ..event(&run, event_type)
    };
    Change {
        events: vec![event],
        error,
        end_parts: has_parts.then_some(stage),
        // What its parts started is of no use any more.
        for_children: has_parts.then(|| Command::signal(Signal::Cancel)),
        ..changed(run)
    }
}
