//! What follows an attempt that did not complete: another one, or the run's end.

use super::{changed, event, moved};
use crate::{Attempt, AttemptEnd, Backoff, Change, Event, EventType, Outcome, Run, State, rank};

/// What a wait before the next attempt needs from outside.
pub(super) struct Wait {
    pub(super) draw: f64,
    pub(super) bound_ms: i64,
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
    if run.signal.is_some() {
        // Nobody said that it was stopped, when its time had to be ended from here.
        let end = match end {
            AttemptEnd::Overtime => end,
            _ => AttemptEnd::Cancelled,
        };
        return ended(run, end, Outcome::Cancelled, error, now);
    }
    let run = &Run {
        strikes: run.strikes + 1,
        ..run.clone()
    };
    let due_at = |backoff: Backoff| now.saturating_add(backoff.wait_ms(run.strikes, wait.draw));
    let in_time = |due_at: &i64| run.deadline.is_none_or(|deadline| *due_at < deadline);
    match run.retry.map(due_at).filter(in_time) {
        Some(due_at) if run.strikes < run.max_attempts => {
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

/// The attempt with this token was lost through its executor: another attempt at the run's old place, up to
/// the cap. An attempt in which a part of the work ended got somewhere: it does not count.
pub(super) fn lost(run: &Run, token: i64, error: String, now: i64) -> Change {
    let error = Some(error);
    if run.signal.is_some() {
        return ended(run, AttemptEnd::Lost, Outcome::Cancelled, error, now);
    }
    let run = &Run {
        strikes: run.strikes + i64::from(run.advanced != token),
        ..run.clone()
    };
    if run.strikes < run.max_attempts {
        return another(moved(run, State::Queued), AttemptEnd::Lost, error, None);
    }
    ended(run, AttemptEnd::Lost, Outcome::Failed, error, now)
}

/// The time of all attempts together is over, and none runs.
pub(super) fn overdue(run: &Run, now: i64) -> Change {
    let error = Some("its time was over before another attempt began".to_owned());
    // The attempt before was closed when it ended.
    Change {
        attempt: None,
        ..ended(run, AttemptEnd::TimedOut, Outcome::Failed, error, now)
    }
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
