//! One run for each row of the table.

use engine::{Backoff, Kind, Lease, OnTimeout, Outcome, Run, Signal, State, Wait, WaitFor, submit};

use super::{AGING_STEP_MS, NOW};
use crate::sample::new_run;

pub(super) fn runs() -> Vec<(&'static str, Run)> {
    let mut runs = pending();
    runs.extend(running());
    runs.extend(in_parts());
    runs.extend(signalled());
    runs.extend(waiting());
    runs.extend(paused());
    runs.extend(with_cleanup());
    runs.extend(ended());
    runs
}

fn queued() -> Run {
    submit(new_run(), AGING_STEP_MS, NOW - 100_000).run
}

/// Started 70 s ago, the second time: its first attempt was released.
fn leased(until: i64) -> Run {
    let started_at = NOW - 70_000;
    let lease = Lease {
        executor: "a".to_owned(),
        token: 2,
        until,
        started_at,
    };
    let (executor, started_at) = (Some(lease.executor.clone()), Some(started_at));
    Run {
        token: 2,
        starts: 2,
        executor,
        started_at,
        state: State::Running(lease),
        ..queued()
    }
}

fn fresh() -> Run {
    leased(NOW + 10_000)
}

fn expired() -> Run {
    leased(NOW)
}

fn retried(run: Run) -> Run {
    let retry = Some(Backoff::default());
    Run { retry, ..run }
}

fn last(run: Run) -> Run {
    let failure_count = 1;
    Run {
        failure_count,
        ..run
    }
}

fn with(signal: Signal, run: Run) -> Run {
    let signals = run.signals.with(signal);
    Run { signals, ..run }
}

fn execution(run: Run) -> Run {
    let kind = Kind::Execution;
    Run { kind, ..run }
}

fn pending() -> Vec<(&'static str, Run)> {
    let state = |state| Run { state, ..queued() };
    vec![
        ("held", state(State::Held)),
        ("scheduled", state(State::Scheduled { due_at: NOW + 1 })),
        ("scheduled, due", state(State::Scheduled { due_at: NOW })),
        ("queued", queued()),
        ("queued, skip open", with(Signal::Skip, queued())),
        (
            "queued, a whole time limit",
            Run {
                whole_timeout_ms: Some(50_000),
                ..queued()
            },
        ),
        (
            "queued again, over its whole time limit",
            Run {
                deadline: Some(NOW),
                ..queued()
            },
        ),
    ]
}

fn running() -> Vec<(&'static str, Run)> {
    let limited = |timeout_ms, run| Run {
        timeout_ms: Some(timeout_ms),
        ..run
    };
    // The 60 s of grace after its limit are over.
    let overtime = |run| limited(10_000, run);
    vec![
        ("running", fresh()),
        ("running, expired", expired()),
        ("running, last attempt", last(fresh())),
        ("running, last attempt, expired", last(expired())),
        ("running, retry policy", retried(fresh())),
        ("running, retry policy, expired", retried(expired())),
        (
            "running, retry policy, last attempt",
            last(retried(fresh())),
        ),
        ("running, time limit ahead", limited(30_000, fresh())),
        ("running, overtime", overtime(fresh())),
        ("running, overtime, expired", overtime(expired())),
        (
            "running, overtime, retry policy, expired",
            overtime(retried(expired())),
        ),
        (
            "running, overtime, cancel open, expired",
            with(Signal::Cancel, overtime(expired())),
        ),
        (
            "running, an earlier attempt finished",
            Run {
                last_finished_token: 1,
                ..retried(fresh())
            },
        ),
    ]
}

/// Runs whose work has parts, or all of whose attempts together have a time limit.
fn in_parts() -> Vec<(&'static str, Run)> {
    let whole = |run, left: i64| Run {
        deadline: Some(NOW + left),
        ..run
    };
    let progress = |last_progress_token| Run {
        last_progress_token,
        ..last(expired())
    };
    vec![
        ("execution, running", execution(fresh())),
        ("execution, running, expired", execution(expired())),
        ("running, last attempt, a part ended, expired", progress(2)),
        (
            "running, last attempt, a part of an earlier one ended, expired",
            progress(1),
        ),
        ("running, whole time limit ahead", whole(fresh(), 5_000)),
        (
            "running, over its whole time limit",
            whole(fresh(), -60_000),
        ),
        (
            "running, retry policy, over its whole time limit, expired",
            whole(retried(expired()), -60_000),
        ),
        (
            "running, retry policy, whole time limit at the next attempt",
            whole(retried(fresh()), 1_000),
        ),
        (
            "running, retry policy, whole time limit after the next attempt",
            whole(retried(fresh()), 1_001),
        ),
    ]
}

/// Runs with open signals while an executor owns them.
fn signalled() -> Vec<(&'static str, Run)> {
    let (pause, skip, cancel) = (Signal::Pause, Signal::Skip, Signal::Cancel);
    vec![
        ("running, cancel open", with(cancel, fresh())),
        ("running, cancel open, expired", with(cancel, expired())),
        (
            "execution, cancel open, retry policy, expired",
            execution(with(cancel, retried(expired()))),
        ),
        ("running, pause open", with(pause, fresh())),
        ("running, pause open, expired", with(pause, expired())),
        (
            "execution, pause open, retry policy",
            execution(with(pause, retried(fresh()))),
        ),
        (
            "running, pause open, last attempt, expired",
            with(pause, last(expired())),
        ),
        ("running, skip open", with(skip, fresh())),
        ("running, skip open, expired", with(skip, expired())),
        (
            "running, pause and skip and cancel open",
            with(cancel, with(skip, with(pause, fresh()))),
        ),
        (
            "running, something happened",
            Run {
                signals: fresh().signals.advanced(),
                ..fresh()
            },
        ),
    ]
}

fn in_wait(wait: Wait) -> Run {
    Run {
        state: State::Waiting(wait),
        ..execution(fresh())
    }
}

fn waiting() -> Vec<(&'static str, Run)> {
    let wait = |reason| in_wait(Wait::new(reason));
    let until = |reason, at, then| {
        in_wait(Wait {
            timeout: Some((at, then)),
            ..Wait::new(reason)
        })
    };
    let (over, ahead) = (NOW, NOW + 1);
    vec![
        ("waiting for an operator", wait(WaitFor::Operator)),
        ("waiting for an approval", wait(WaitFor::Approval)),
        ("waiting for a child", wait(WaitFor::Child)),
        ("waiting for all children", wait(WaitFor::Children)),
        (
            "waiting for a time",
            until(WaitFor::Time, ahead, OnTimeout::Resume),
        ),
        (
            "waiting for a time, over",
            until(WaitFor::Time, over, OnTimeout::Resume),
        ),
        (
            "waiting for an approval, over, then it fails",
            until(WaitFor::Approval, over, OnTimeout::Fail),
        ),
        (
            "waiting for all children, over, then it is cancelled",
            until(WaitFor::Children, over, OnTimeout::Cancel),
        ),
        (
            "waiting for an operator, over, then it is queued",
            until(WaitFor::Operator, over, OnTimeout::Resume),
        ),
        (
            "waiting for a child, over its whole time limit",
            Run {
                deadline: Some(NOW),
                ..wait(WaitFor::Child)
            },
        ),
    ]
}

fn paused() -> Vec<(&'static str, Run)> {
    let paused = |due_at| {
        let wait = Wait {
            due_at,
            ..Wait::new(WaitFor::Operator)
        };
        with(Signal::Pause, in_wait(wait))
    };
    vec![
        ("paused", paused(None)),
        ("paused, skip open", with(Signal::Skip, paused(None))),
        ("paused while it was scheduled", paused(Some(NOW + 1))),
        ("paused while it was scheduled, due", paused(Some(NOW))),
    ]
}

/// Runs that have something to do after a cancel.
fn with_cleanup() -> Vec<(&'static str, Run)> {
    let cleans_up = |run: Run| Run {
        cleans_up: true,
        ..execution(run)
    };
    let (cancel, pause) = (Signal::Cancel, Signal::Pause);
    let again = Run {
        state: State::Queued,
        ..fresh()
    };
    vec![
        ("cleans up, never started", cleans_up(queued())),
        ("cleans up, queued again", cleans_up(again.clone())),
        (
            "cleans up, queued again, cancel open",
            cleans_up(with(cancel, again)),
        ),
        (
            "cleans up, paused",
            cleans_up(with(pause, in_wait(Wait::new(WaitFor::Operator)))),
        ),
        (
            "cleans up, running, pause and cancel open, expired",
            cleans_up(with(cancel, with(pause, expired()))),
        ),
        (
            "cleans up, running, cancel open, last attempt, expired",
            cleans_up(with(cancel, last(expired()))),
        ),
    ]
}

fn ended() -> Vec<(&'static str, Run)> {
    let done = |outcome| Run {
        state: State::Done {
            outcome,
            at: NOW - 1,
        },
        last_finished_token: 2,
        deadline: Some(NOW + 5),
        signals: with(Signal::Pause, queued()).signals.closed(),
        ..last(leased(NOW))
    };
    let never = State::Done {
        outcome: Outcome::Cancelled,
        at: NOW,
    };
    vec![
        ("completed", done(Outcome::Completed)),
        ("failed", done(Outcome::Failed)),
        ("cancelled", done(Outcome::Cancelled)),
        (
            "cancelled before it ran",
            Run {
                state: never,
                ..queued()
            },
        ),
    ]
}
