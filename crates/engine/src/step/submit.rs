//! A run comes into being.

use super::{changed, event};
use crate::{Change, Event, EventType, NewRun, Run, State, rank};

/// The run that `new` describes, submitted at `now`. Nothing can be wrong with it here: what a
/// contract allows is checked before.
#[must_use]
pub fn submit(new: NewRun, bound_ms: i64, now: i64) -> Change {
    let due_at = new.not_before.filter(|due_at| *due_at > now);
    let state = match due_at {
        _ if new.held => State::Held,
        Some(due_at) => State::Scheduled { due_at },
        None => State::Queued,
    };
    let run = Run {
        id: new.id,
        kind: new.kind,
        name: new.name,
        queue: new.queue,
        class: new.class,
        rank: rank(due_at.unwrap_or(now), new.class, bound_ms),
        state,
        version: 1,
        token: 0,
        settled: 0,
        advanced: 0,
        starts: 0,
        strikes: 0,
        max_attempts: new.max_attempts.max(1),
        retry: new.retry,
        timeout_ms: new.timeout_ms,
        whole_timeout_ms: new.whole_timeout_ms,
        deadline: None,
        signal: None,
        parent: new.parent,
        exclusive_key: new.exclusive_key,
        executor: None,
        created_at: now,
        started_at: None,
    };
    let event = Event {
        due_at,
        ..event(&run, EventType::Submitted)
    };
    Change {
        event: Some(event),
        ..changed(run)
    }
}
