//! Every state and every command, with everything that decides: who asks, the retry policy, the
//! cancel request, the cap, the time limit. The whole table is a snapshot.

use std::fmt::Write;

use engine::{
    Attempt, AttemptOutcome, Backoff, Change, Command, Holder, Lease, Outcome, Run, Signal, Stage,
    State, states_markdown, step, submit,
};

use crate::sample::{holder, new_run, part};

const NOW: i64 = 1_000_000;
const LEASE_MS: i64 = 30_000;
const AGING_STEP_MS: i64 = 600_000;

#[test]
fn every_state_and_command() {
    let mut table = String::new();
    for (name, run) in runs() {
        let _ = writeln!(table, "{name}");
        // What happens, with the commands that make it happen and who may give them.
        let mut outcomes: Vec<(String, &str, Vec<&str>)> = Vec::new();
        for (command, who) in commands() {
            let outcome = match step(&run, &command.1, NOW) {
                Ok(change) => outcome(&run, &change),
                Err(rejected) if rejected.not_holder => "not the holder".to_owned(),
                Err(_) => "refused".to_owned(),
            };
            match outcomes
                .iter_mut()
                .find(|known| (&known.0, known.1) == (&outcome, command.0))
            {
                Some(known) => known.2.push(who),
                None => outcomes.push((outcome, command.0, vec![who])),
            }
        }
        for (outcome, command, who) in outcomes {
            let _ = match who.len() {
                1 if who[0].is_empty() => writeln!(table, "  {command}: {outcome}"),
                _ if who.len() == holders().len() => writeln!(table, "  {command}: {outcome}"),
                _ => writeln!(table, "  {command} by {}: {outcome}", who.join("/")),
            };
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_page_of_states_is_up_to_date() {
    let page = include_str!("../../../../docs/STATES.md");
    assert_eq!(states_markdown(), page, "run `cargo xtask generate`");
}

#[test]
fn a_submitted_run_is_held_scheduled_or_queued() {
    let submitted = |held, not_before| {
        let change = submit(
            engine::NewRun {
                held,
                not_before,
                ..new_run()
            },
            AGING_STEP_MS,
            NOW,
        );
        assert_eq!(change.run.version, 1);
        (
            change.run.state,
            change.run.sort_key,
            change.events[0].due_at,
        )
    };
    let later = NOW + 5;
    assert_eq!(
        submitted(false, None),
        (State::Queued, NOW + AGING_STEP_MS, None)
    );
    assert_eq!(
        submitted(false, Some(NOW)),
        (State::Queued, NOW + AGING_STEP_MS, None)
    );
    let scheduled = State::Scheduled { due_at: later };
    assert_eq!(
        submitted(false, Some(later)),
        (scheduled, later + AGING_STEP_MS, Some(later))
    );
    assert_eq!(submitted(true, None).0, State::Held);
    assert_eq!(submitted(true, Some(later)).0, State::Held);
}

/// What is different afterwards.
fn outcome(before: &Run, change: &Change) -> String {
    let run = &change.run;
    if run == before {
        assert_eq!(
            (&change.attempt, &change.events, &change.error),
            (&None, &Vec::new(), &None)
        );
        return "unchanged".to_owned();
    }
    let mut words = vec![run.state.status().to_string()];
    words.extend(
        change
            .events
            .iter()
            .map(|event| format!("event {}", event.event_type)),
    );
    words.extend(change.attempt.as_ref().map(|attempt| match attempt {
        Attempt::Opened => format!("attempt {} opened", run.starts),
        Attempt::Closed(end) => format!("attempt {} {}", run.starts, end.as_str()),
    }));
    match &run.state {
        State::Scheduled { due_at } => words.push(format!("due in {}", due_at - NOW)),
        State::Running(lease) => words.push(format!("until {:+}", lease.until - NOW)),
        State::Held | State::Queued | State::Waiting(_) | State::Done { .. } => {}
    }
    let mut number = |name, old: i64, new: i64| {
        if old != new {
            words.push(format!("{name} {old} to {new}"));
        }
    };
    number("token", before.token, run.token);
    number(
        "last finished token",
        before.last_finished_token,
        run.last_finished_token,
    );
    number(
        "last progress token",
        before.last_progress_token,
        run.last_progress_token,
    );
    number("failures", before.failure_count, run.failure_count);
    number("sort key", before.sort_key - NOW, run.sort_key - NOW);
    assert_eq!(run.version, before.version + 1);
    if before.deadline != run.deadline {
        words.push(format!("deadline {:?}", run.deadline.map(|at| at - NOW)));
    }
    if before.signals != run.signals {
        words.push(format!("{:?}", run.signals));
    }
    words.extend(
        change
            .for_children
            .as_ref()
            .map(|command| format!("{} children", command.name())),
    );
    words.extend(
        change
            .error
            .as_ref()
            .map(|error| format!("error `{error}`")),
    );
    words.join(", ")
}

fn runs() -> Vec<(&'static str, Run)> {
    let mut runs = pending();
    runs.extend(running());
    runs.extend(in_parts());
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

fn pending() -> Vec<(&'static str, Run)> {
    let state = |state| Run { state, ..queued() };
    vec![
        ("held", state(State::Held)),
        ("scheduled", state(State::Scheduled { due_at: NOW + 1 })),
        ("scheduled, due", state(State::Scheduled { due_at: NOW })),
        ("queued", queued()),
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
    let (fresh, expired) = (|| leased(NOW + 10_000), || leased(NOW));
    let cancelled = |run: Run| Run {
        signals: run.signals.with(Signal::Cancel),
        ..run
    };
    let last = |run| Run {
        failure_count: 1,
        ..run
    };
    let retried = |run| Run {
        retry: Some(Backoff::default()),
        ..run
    };
    // The 60 s of grace after its limit are over.
    let overtime = |run| Run {
        timeout_ms: Some(10_000),
        ..run
    };
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
        ("running, cancel requested", cancelled(fresh())),
        ("running, cancel requested, expired", cancelled(expired())),
        (
            "running, cancel requested, retry policy",
            cancelled(retried(fresh())),
        ),
        (
            "running, time limit ahead",
            Run {
                timeout_ms: Some(30_000),
                ..fresh()
            },
        ),
        ("running, overtime", overtime(fresh())),
        ("running, overtime, expired", overtime(expired())),
        (
            "running, overtime, retry policy, expired",
            overtime(retried(expired())),
        ),
        (
            "running, an earlier attempt settled",
            Run {
                last_finished_token: 1,
                ..retried(fresh())
            },
        ),
    ]
}

/// Runs whose work has parts, or all of whose attempts together have a time limit.
fn in_parts() -> Vec<(&'static str, Run)> {
    let (fresh, expired) = (|| leased(NOW + 10_000), || leased(NOW));
    let whole = |run, left: i64| Run {
        deadline: Some(NOW + left),
        ..run
    };
    let last = |last_progress_token| Run {
        failure_count: 1,
        last_progress_token,
        ..expired()
    };
    let retried = Run {
        retry: Some(Backoff::default()),
        ..expired()
    };
    vec![
        ("running, last attempt, a part ended, expired", last(2)),
        (
            "running, last attempt, a part of an earlier one ended, expired",
            last(1),
        ),
        ("running, whole time limit ahead", whole(fresh(), 5_000)),
        (
            "running, over its whole time limit",
            whole(fresh(), -60_000),
        ),
        (
            "running, retry policy, over its whole time limit, expired",
            whole(retried, -60_000),
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
        failure_count: 1,
        ..leased(NOW)
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

/// Who may ask: name and token in each combination.
fn holders() -> Vec<(&'static str, Holder)> {
    vec![
        ("token", holder("a", Some(2))),
        ("token with other name", holder("b", Some(2))),
        ("old token", holder("a", Some(1))),
        ("token 0", holder("a", Some(0))),
        ("name", holder("a", None)),
        ("other name", holder("b", None)),
    ]
}

/// Commands with their names, and who gives them where that matters.
fn commands() -> Vec<((&'static str, Command), &'static str)> {
    let (aging_step_ms, lease_ms, jitter) = (AGING_STEP_MS, LEASE_MS, 0.0);
    let mut commands = vec![
        (("unhold", Command::Unhold { aging_step_ms }), ""),
        (("due", Command::Due), ""),
        (
            (
                "claim",
                Command::Claim {
                    executor: "c".to_owned(),
                    lease_ms,
                },
            ),
            "",
        ),
        (
            (
                "expire",
                Command::Expire {
                    jitter,
                    aging_step_ms,
                    lease_ms,
                },
            ),
            "",
        ),
        (("cancel pending", Command::CancelPending), ""),
        (("cancel", Command::signal(Signal::Cancel)), ""),
        (("retry", Command::Retry { aging_step_ms }), ""),
    ];
    for (who, holder) in holders() {
        let finish = |outcome, error: Option<&str>| Command::Finish {
            holder: holder.clone(),
            outcome,
            error: error.map(str::to_owned),
            jitter,
            aging_step_ms,
        };
        let failed = finish(AttemptOutcome::Failed, Some("exit code 1"));
        let timed_out = finish(AttemptOutcome::TimedOut, Some("too slow"));
        let heartbeat = Command::Heartbeat {
            holder: holder.clone(),
            lease_ms,
        };
        commands.push((("heartbeat", heartbeat), who));
        for (name, advance) in advances(&holder) {
            commands.push(((name, advance), who));
        }
        commands.push((
            (
                "release",
                Command::Release {
                    holder: holder.clone(),
                },
            ),
            who,
        ));
        let abandon = Command::Abandon {
            holder: holder.clone(),
            error: "its disk is full".to_owned(),
        };
        commands.push((("abandon", abandon), who));
        commands.push((
            ("finish completed", finish(AttemptOutcome::Completed, None)),
            who,
        ));
        commands.push((("finish failed", failed), who));
        commands.push((("finish timed out", timed_out), who));
    }
    commands
}

fn advances(holder: &Holder) -> [(&'static str, Command); 3] {
    let advance = |stage: Stage| Command::Advance {
        holder: holder.clone(),
        parts: vec![part(stage)],
        acknowledged: 0,
    };
    [
        ("advance, part started", advance(Stage::Started)),
        ("advance, part completed", advance(Stage::Completed)),
        ("advance, part failed", advance(Stage::Failed)),
    ]
}
