//! A run for each column of the table, and a command for each row.

use super::{LEASE_MS, NOW};
use crate::{
    AttemptOutcome, Backoff, Command, Holder, Kind, Lease, NewRun, OnTimeout, Outcome, PartChange,
    Run, RunId, Signal, Stage, State, Wait, WaitFor, submit,
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
    runs.extend(owned_runs());
    runs.extend(waiting_runs());
    runs.extend([
        ("completed", done(Outcome::Completed)),
        ("failed", done(Outcome::Failed)),
        ("cancelled", done(Outcome::Cancelled)),
    ]);
    runs
}

/// The columns of a run that waits.
fn waiting_runs() -> Vec<(&'static str, Run)> {
    let waiting = |wait| Run {
        state: State::Waiting(wait),
        ..queued()
    };
    let mut paused = waiting(Wait::new(WaitFor::Operator));
    paused.signals = paused.signals.with(Signal::Pause);
    let approval = Wait {
        timeout: Some((NOW, OnTimeout::Fail)),
        ..Wait::new(WaitFor::Approval)
    };
    let cleaning_up = Run {
        cleans_up: true,
        starts: 1,
        ..paused.clone()
    };
    vec![
        ("paused", paused),
        ("paused, cleans up", cleaning_up),
        (
            "waiting for an operator",
            waiting(Wait::new(WaitFor::Operator)),
        ),
        ("waiting for an approval, for too long", waiting(approval)),
        (
            "waiting for all children",
            waiting(Wait::new(WaitFor::Children)),
        ),
    ]
}

/// The columns of a run that an executor owns.
fn owned_runs() -> Vec<(&'static str, Run)> {
    let (live, expired) = (running(i64::MAX), running(NOW));
    let mut last = expired.clone();
    last.failure_count = 1;
    let mut last_progress_token = last.clone();
    last_progress_token.last_progress_token = 1;
    let mut overtime = last.clone();
    overtime.timeout_ms = Some(0);
    if let State::Running(lease) = &mut overtime.state {
        lease.started_at = 0;
    }
    let mut retried = live.clone();
    retried.retry = Some(Backoff::default());
    let mut cancelled = expired.clone();
    cancelled.signals = cancelled.signals.with(Signal::Cancel);
    let mut pausing = expired.clone();
    pausing.signals = pausing.signals.with(Signal::Pause);
    vec![
        ("running", live),
        ("running, expired", expired),
        ("running, expired, last attempt", last),
        (
            "running, expired, last attempt, a part ended",
            last_progress_token,
        ),
        ("running, expired, over its time limit", overtime),
        ("running, retry policy", retried),
        ("running, expired, cancel requested", cancelled),
        ("running, expired, pause requested", pausing),
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
        started_at: NOW,
    };
    Run {
        state: State::Running(lease),
        ..queued()
    }
}

/// One command for each row.
pub(super) fn commands() -> Vec<(&'static str, Command)> {
    let (aging_step_ms, lease_ms, jitter) = (0, LEASE_MS, 0.0);
    let claim = Command::Claim {
        executor: "a".to_owned(),
        lease_ms,
    };
    let wake = |reason| Command::Wake {
        reason,
        live_children: 0,
        aging_step_ms,
    };
    let expire = Command::Expire {
        jitter,
        aging_step_ms,
        lease_ms,
    };
    let mut commands = vec![
        ("unhold", Command::Unhold { aging_step_ms }),
        ("due", Command::Due),
        ("claim", claim),
    ];
    commands.extend(of_holder());
    commands.extend([
        ("wake: approval", wake(WaitFor::Approval)),
        ("wake: child", wake(WaitFor::Child)),
        ("wait over", Command::WaitOver { aging_step_ms }),
        ("expire", expire),
        ("cancel pending", Command::CancelPending),
    ]);
    let signals = [Signal::Cancel, Signal::Pause, Signal::Resume, Signal::Skip];
    commands.extend(signals.map(|signal| (signal.as_str(), Command::signal(signal))));
    commands.push(("retry", Command::Retry { aging_step_ms }));
    commands
}

/// The rows of commands of the holder.
fn of_holder() -> [(&'static str, Command); 10] {
    let holder = || Holder {
        executor: "a".to_owned(),
        token: Some(1),
    };
    let advance = |stage| Command::Advance {
        holder: holder(),
        parts: vec![PartChange {
            name: "example".to_owned(),
            stage,
            again: false,
            event_data: String::new(),
        }],
        state: false,
        acknowledged: 0,
    };
    let finish = |outcome| Command::Finish {
        holder: holder(),
        outcome,
        error: None,
        jitter: 0.0,
        aging_step_ms: 0,
    };
    let heartbeat = Command::Heartbeat {
        holder: holder(),
        lease_ms: LEASE_MS,
    };
    let park = Command::Park {
        holder: holder(),
        wait: Wait::new(WaitFor::Approval),
        seen: 1,
        live_children: 0,
    };
    let abandon = Command::Abandon {
        holder: holder(),
        error: String::new(),
    };
    [
        ("heartbeat", heartbeat),
        ("advance: part started", advance(Stage::Started)),
        ("advance: part completed", advance(Stage::Completed)),
        ("advance: part skipped", advance(Stage::Skipped)),
        ("park", park),
        ("finish: completed", finish(AttemptOutcome::Completed)),
        ("finish: failed", finish(AttemptOutcome::Failed)),
        ("finish: timed out", finish(AttemptOutcome::TimedOut)),
        (
            "release",
            Command::Release {
                holder: holder(),
                reason: None,
            },
        ),
        ("abandon", abandon),
    ]
}
