//! A run is submitted.

use super::{changed, event};
use crate::{Change, Event, EventType, NewRun, Run, Signals, State, sort_key};

/// The run that `new` describes, submitted at `now`. The contract's own checks come before, so this never
/// fails.
#[must_use]
pub fn submit(new: NewRun, aging_step_ms: i64, now: i64) -> Change {
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
        priority: new.priority,
        sort_key: sort_key(due_at.unwrap_or(now), new.priority, aging_step_ms),
        state,
        version: 1,
        token: 0,
        last_finished_token: 0,
        last_progress_token: 0,
        starts: 0,
        failure_count: 0,
        max_attempts: new.max_attempts.max(1),
        retry: new.retry,
        timeout_ms: new.timeout_ms,
        whole_timeout_ms: new.whole_timeout_ms,
        deadline: None,
        signals: Signals::default(),
        parent: new.parent,
        exclusive_key: new.exclusive_key,
        cleans_up: new.cleans_up,
        executor: None,
        created_at: now,
        started_at: None,
    };
    let event = Event {
        due_at,
        ..event(&run, EventType::Submitted)
    };
    Change {
        events: vec![event],
        ..changed(run)
    }
}
