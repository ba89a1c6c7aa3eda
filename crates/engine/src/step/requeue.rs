//! What follows an attempt that did not complete: another one, or the run's end.

use super::{changed, event, moved, pause};
use crate::{
    Attempt, AttemptEnd, Backoff, Change, Event, EventType, Outcome, Run, Stage, State, sort_key,
};

/// What a wait before the next attempt needs from outside.
pub(super) struct Wait {
    pub(super) jitter: f64,
    pub(super) aging_step_ms: i64,
}

/// An attempt failed by its own fault: the end, unless a retry policy asks for more and there is time
/// for it.
pub(super) fn failed(
    run: &Run,
    end: AttemptEnd,
    error: Option<String>,
    wait: &Wait,
    now: i64,
) -> Change {
    if run.signals.cancel > 0 {
        // Nobody said that it was stopped, when its time had to be ended from here.
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
        |backoff: Backoff| now.saturating_add(backoff.wait_ms(run.failure_count, wait.jitter));
    let in_time = |due_at: &i64| run.deadline.is_none_or(|deadline| *due_at < deadline);
    match run.retry.map(due_at).filter(in_time) {
        Some(due_at) if run.failure_count < run.max_attempts => {
            let sort_key = sort_key(due_at, run.priority, wait.aging_step_ms);
            let next = Run {
                sort_key,
                ..moved(run, State::Scheduled { due_at })
            };
            another(next, end, error, Some(due_at))
        }
        _ => ended(run, end, Outcome::Failed, error, now),
    }
}

/// The attempt with this token was lost through its executor: another attempt at the run's old place, up to
/// the cap. An attempt in which a part of the work ended got somewhere: it does not count.
pub(super) fn lost(run: &Run, token: i64, error: String, now: i64) -> Change {
    let error = Some(error);
    if run.signals.cancel > 0 {
        return ended(run, AttemptEnd::Lost, Outcome::Cancelled, error, now);
    }
    let run = &Run {
        failure_count: run.failure_count + i64::from(run.last_progress_token != token),
        ..run.clone()
    };
    if run.failure_count < run.max_attempts {
        return another(moved(run, State::Queued), AttemptEnd::Lost, error, None);
    }
    ended(run, AttemptEnd::Lost, Outcome::Failed, error, now)
}

/// The time of all attempts together is over, and none runs.
pub(super) fn overdue(run: &Run, now: i64) -> Change {
    let error = Some("its time was over before another attempt began".to_owned());
    let outcome = Outcome::Failed;
    let run = moved(run, State::Done { outcome, at: now });
    ended_unowned(run, outcome, error)
}

/// An attempt was released: another one at the run's old place; it does not count.
pub(super) fn released(run: &Run, now: i64) -> Change {
    let error = Some("released by its executor".to_owned());
    if run.signals.cancel > 0 {
        return ended(run, AttemptEnd::Released, Outcome::Cancelled, error, now);
    }
    another(moved(run, State::Queued), AttemptEnd::Released, error, None)
}

fn another(next: Run, end: AttemptEnd, error: Option<String>, due_at: Option<i64>) -> Change {
    let requeued = Event {
        executor: next.executor.clone(),
        reason: error.clone(),
        due_at,
        ..event(&next, EventType::Requeued)
    };
    let change = if next.signals.pause > 0 {
        // It was to pause, and no executor performs it any more.
        let version = next.version - 1;
        pause::paused(&Run { version, ..next }, due_at)
    } else {
        changed(next)
    };
    let end_parts = change.run.kind.has_parts().then_some(Stage::Interrupted);
    Change {
        attempt: Some(Attempt::Closed(end)),
        events: [vec![requeued], change.events].concat(),
        error,
        end_parts,
        ..change
    }
}

fn ended(run: &Run, end: AttemptEnd, outcome: Outcome, error: Option<String>, now: i64) -> Change {
    let run = moved(run, State::Done { outcome, at: now });
    Change {
        attempt: Some(Attempt::Closed(end)),
        ..ended_unowned(run, outcome, error)
    }
}

/// The end of a run without success. An attempt of it, if there was one, ended before.
pub(super) fn ended_unowned(run: Run, outcome: Outcome, error: Option<String>) -> Change {
    let (event_type, stage) = match outcome {
        Outcome::Cancelled => (EventType::Cancelled, Stage::Cancelled),
        _ => (EventType::Failed, Stage::Interrupted),
    };
    let run = Run {
        signals: run.signals.closed(),
        ..run
    };
    let event = Event {
        executor: run.executor.clone(),
        reason: error.clone(),
        ..event(&run, event_type)
    };
    Change {
        events: vec![event],
        error,
        end_parts: run.kind.has_parts().then_some(stage),
        ..changed(run)
    }
}
