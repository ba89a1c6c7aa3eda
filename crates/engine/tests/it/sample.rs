//! Runs to start from.

use engine::{Holder, Kind, NewRun, PartChange, RunId, Stage};

pub(crate) fn new_run() -> NewRun {
    NewRun {
        max_attempts: 2,
        ..NewRun::new(RunId::from_bytes([7; 16]), Kind::Job, "example", "job")
    }
}

pub(crate) fn holder(executor: &str, token: Option<i64>) -> Holder {
    Holder {
        executor: executor.to_owned(),
        token,
    }
}

pub(crate) fn part(stage: Stage) -> PartChange {
    PartChange {
        name: "example".to_owned(),
        stage,
        again: false,
        event_data: String::new(),
    }
}
