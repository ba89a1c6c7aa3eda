//! What follows an attempt that did not complete: another one, or the run's end.

use super::{changed, event, moved};
use crate::{Attempt, AttemptEnd, Change, Event, EventType, Outcome, Run, State, rank};

/// What a wait before the next attempt needs from outside.
pub(super) struct Wait {
    pub(super) draw: f64,
    pub(super) bound_ms: i64,
}

/// An attempt failed by its own fault: the end, unless a retry policy asks for more.
pub(super) fn failed(
    run: &Run,
    end: AttemptEnd,
    error: Option<String>,
    wait: &Wait,
    now: i64,
) -> Change {
    if run.signal.is_some() {
        return ended(run, AttemptEnd::Cancelled, Outcome::Cancelled, error, now);
    }
    let run = &Run {
        strikes: run.strikes + 1,
        ..run.clone()
    };
    match run.retry {
        Some(backoff) if run.strikes < run.max_attempts => {
            let due_at = now.saturating_add(backoff.wait_ms(run.strikes, wait.draw));
            let rank = rank(due_at, run.class, wait.bound_ms);
            let next = Run {
                rank,
                ..moved(run, State::Scheduled { due_at })
            };
            another(next, end, error, Some(due_at))
        }
        _ => ended(run, end, Outcome::Failed, error, now),
    }
}

/// An attempt's executor was lost: another attempt at the run's old place, up to the cap.
pub(super) fn lost(run: &Run, now: i64) -> Change {
    let error = Some("the executor was lost: its lease expired".to_owned());
    if run.signal.is_some() {
        return ended(run, AttemptEnd::Lost, Outcome::Cancelled, error, now);
    }
    let run = &Run {
        strikes: run.strikes + 1,
        ..run.clone()
    };
    if run.strikes < run.max_attempts {
        return another(moved(run, State::Queued), AttemptEnd::Lost, error, None);
    }
    ended(run, AttemptEnd::Lost, Outcome::Failed, error, now)
}

/// An attempt was given back: another one at the run's old place; it does not count.
pub(super) fn released(run: &Run, now: i64) -> Change {
    let error = Some("given back by its executor".to_owned());
    if run.signal.is_some() {
        return ended(run, AttemptEnd::Released, Outcome::Cancelled, error, now);
    }
    another(moved(run, State::Queued), AttemptEnd::Released, error, None)
}

fn another(next: Run, end: AttemptEnd, error: Option<String>, due_at: Option<i64>) -> Change {
    let event = Event {
        executor: next.executor.clone(),
        reason: error.clone(),
        due_at,
        ..event(&next, EventType::Requeued)
    };
    Change {
        attempt: Some(Attempt::Closed(end)),
        event: Some(event),
        error,
        ..changed(next)
    }
}

fn ended(run: &Run, end: AttemptEnd, outcome: Outcome, error: Option<String>, now: i64) -> Change {
    let run = Run {
        signal: None,
        ..moved(run, State::Done { outcome, at: now })
    };
    let event_type = if outcome == Outcome::Cancelled {
        EventType::Cancelled
    } else {
        EventType::Failed
    };
    let event = Event {
        executor: run.executor.clone(),
        reason: error.clone(),
        ..event(&run, event_type)
    };
    Change {
        attempt: Some(Attempt::Closed(end)),
        event: Some(event),
        error,
        ..changed(run)
    }
}
