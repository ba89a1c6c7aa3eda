//! Runs to start from.

use engine::{Backoff, Class, Holder, Kind, NewRun, RunId};

pub(crate) const BACKOFF: Backoff = Backoff {
    initial_ms: 1_000,
    factor: 2.0,
    max_ms: 60_000,
    jitter: 0.0,
};

pub(crate) fn new_run() -> NewRun {
    NewRun {
        id: RunId::from_bytes([7; 16]),
        kind: Kind::Job,
        name: "example".to_owned(),
        queue: "job".to_owned(),
        class: Class::Background,
        held: false,
        not_before: None,
        max_attempts: 2,
        retry: None,
        timeout_ms: None,
        parent: None,
        exclusive_key: None,
    }
}

pub(crate) fn holder(executor: &str, token: Option<i64>) -> Holder {
    Holder {
        executor: executor.to_owned(),
        token,
    }
}
