//! A run for each column of the table, and a command for each row.

use super::{LEASE_MS, NOW};
use crate::{
    Backoff, Command, Holder, Kind, Lease, NewRun, OVERTIME_LEASES, Outcome, Part, Run, RunId,
    Signal, Stage, State, Verdict, submit,
};

/// One run for each column.
pub(super) fn runs() -> Vec<(&'static str, Run)> {
    let in_state = |state| Run { state, ..queued() };
    let done = |outcome| in_state(State::Done { outcome, at: NOW });
    let overdue = Run {
        deadline: Some(NOW),
        ..queued()
    };
    let mut runs = vec![
        ("held", in_state(State::Held)),
        ("scheduled, due", in_state(State::Scheduled { due_at: NOW })),
        ("queued", queued()),
        ("queued, over its whole time limit", overdue),
    ];
    runs.extend(held_runs());
    runs.extend([
        ("completed", done(Outcome::Completed)),
        ("failed", done(Outcome::Failed)),
        ("cancelled", done(Outcome::Cancelled)),
    ]);
    runs
}

/// The columns of a run that an executor holds.
fn held_runs() -> Vec<(&'static str, Run)> {
    let (live, expired) = (running(NOW + LEASE_MS), running(NOW));
    let mut last = expired.clone();
    last.strikes = 1;
    let mut advanced = last.clone();
    advanced.advanced = 1;
    let mut overtime = last.clone();
    overtime.timeout_ms = Some(0);
    if let State::Running(lease) = &mut overtime.state {
        lease.started_at = NOW - OVERTIME_LEASES * LEASE_MS;
    }
    let mut retried = live.clone();
    retried.retry = Some(Backoff::default());
    let mut cancelled = expired.clone();
    cancelled.signal = Some(Signal::Cancel);
    vec![
        ("running", live),
        ("running, expired", expired),
        ("running, expired, last attempt", last),
        ("running, expired, last attempt, a part ended", advanced),
        ("running, expired, over its time limit", overtime),
        ("running, retry policy", retried),
        ("running, expired, cancel requested", cancelled),
    ]
}

fn queued() -> Run {
    let new = NewRun::new(RunId::from_bytes([7; 16]), Kind::Job, "example", "job");
    let two = NewRun {
        max_attempts: 2,
        ..new
    };
    submit(two, 0, NOW).run
}

fn running(until: i64) -> Run {
    let lease = Lease {
        executor: "a".to_owned(),
        token: 1,
        until,
        started_at: NOW - LEASE_MS,
    };
    Run {
        token: 1,
        starts: 1,
        executor: Some("a".to_owned()),
        state: State::Running(lease),
        ..queued()
    }
}

/// One command for each row.
pub(super) fn commands() -> Vec<(&'static str, Command)> {
    let holder = || Holder {
        executor: "a".to_owned(),
        token: Some(1),
    };
    let checkpoint = |stage: Option<Stage>| Command::Checkpoint {
        holder: holder(),
        part: stage.map(|stage| Part {
            name: "example".to_owned(),
            stage,
            told: String::new(),
        }),
    };
    let finish = |verdict| Command::Finish {
        holder: holder(),
        verdict,
        error: None,
        draw: 0.0,
        bound_ms: 0,
    };
    vec![
        ("unhold", Command::Unhold { bound_ms: 0 }),
        ("due", Command::Due),
        (
            "claim",
            Command::Claim {
                executor: "a".to_owned(),
                lease_ms: LEASE_MS,
            },
        ),
        (
            "heartbeat",
            Command::Heartbeat {
                holder: holder(),
                lease_ms: LEASE_MS,
            },
        ),
        ("checkpoint", checkpoint(None)),
        ("checkpoint: part started", checkpoint(Some(Stage::Started))),
        (
            "checkpoint: part completed",
            checkpoint(Some(Stage::Completed)),
        ),
        ("checkpoint: part failed", checkpoint(Some(Stage::Failed))),
        ("checkpoint: part skipped", checkpoint(Some(Stage::Skipped))),
        ("finish: completed", finish(Verdict::Completed)),
        ("finish: failed", finish(Verdict::Failed)),
        ("finish: timed out", finish(Verdict::TimedOut)),
        ("release", Command::Release { holder: holder() }),
        (
            "abandon",
            Command::Abandon {
                holder: holder(),
                error: String::new(),
            },
        ),
        (
            "expire",
            Command::Expire {
                draw: 0.0,
                bound_ms: 0,
                lease_ms: LEASE_MS,
            },
        ),
        ("cancel pending", Command::CancelPending),
        ("cancel", Command::Cancel),
        ("retry", Command::Retry { bound_ms: 0 }),
    ]
}
