//! The table of every state and command, drawn from the rules themselves.

use std::fmt::Write;

use crate::{
    Class, Command, Holder, Kind, Lease, NewRun, Outcome, Run, RunId, State, Verdict, step, submit,
};

const NOW: i64 = 1_000_000;
const LEASE_MS: i64 = 30_000;

/// The page `docs/STATES.md`.
#[must_use]
pub fn states_markdown() -> String {
    let mut page = String::from(
        "# States of a run\n\nGenerated from `engine` by `cargo xtask generate`; do not edit.\n\n\
         Each cell is the state after the command of its row on a run in the state of its column, \
         with the event that is appended. A dash means that the command is refused and changes \
         nothing. The run has one attempt left, no retry policy and no cancel request, and the \
         holder is the current one.\n\n",
    );
    let runs = runs();
    let row = |page: &mut String, cells: Vec<String>| {
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    };
    let heads = runs.iter().map(|(name, _)| (*name).to_owned());
    row(
        &mut page,
        std::iter::once("command".to_owned()).chain(heads).collect(),
    );
    row(&mut page, vec!["---".to_owned(); runs.len() + 1]);
    for (name, command) in commands() {
        let cells = runs.iter().map(|(_, run)| cell(run, &command));
        row(
            &mut page,
            std::iter::once(name.to_owned()).chain(cells).collect(),
        );
    }
    page.push_str(DIAGRAM);
    page
}

fn cell(run: &Run, command: &Command) -> String {
    match step(run, command, NOW) {
        Err(_) => "-".to_owned(),
        Ok(change) => {
            let status = change.run.state.status();
            match change.event {
                Some(event) => format!("{status} ({})", event.event_type),
                None => status.to_string(),
            }
        }
    }
}

/// One run for each column.
fn runs() -> Vec<(&'static str, Run)> {
    let queued = submit(
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
        },
        0,
        NOW,
    )
    .run;
    let running = |until: i64| {
        let lease = Lease {
            executor: "a".to_owned(),
            token: 1,
            until,
            started_at: NOW - LEASE_MS,
        };
        let state = State::Running(lease);
        Run {
            token: 1,
            starts: 1,
            executor: Some("a".to_owned()),
            state,
            ..queued.clone()
        }
    };
    let done = |outcome| Run {
        state: State::Done { outcome, at: NOW },
        ..queued.clone()
    };
    vec![
        (
            "held",
            Run {
                state: State::Held,
                ..queued.clone()
            },
        ),
        (
            "scheduled, due",
            Run {
                state: State::Scheduled { due_at: NOW },
                ..queued.clone()
            },
        ),
        ("queued", queued.clone()),
        ("running", running(NOW + LEASE_MS)),
        ("running, expired", running(NOW)),
        (
            "running, expired, last attempt",
            Run {
                strikes: 1,
                ..running(NOW)
            },
        ),
        ("completed", done(Outcome::Completed)),
        ("failed", done(Outcome::Failed)),
        ("cancelled", done(Outcome::Cancelled)),
    ]
}

/// One command for each row.
fn commands() -> Vec<(&'static str, Command)> {
    let holder = || Holder {
        executor: "a".to_owned(),
        token: Some(1),
    };
    let finish = |verdict| Command::Finish {
        holder: holder(),
        verdict,
        error: None,
        draw: 0.0,
        bound_ms: 0,
    };
    vec![
        ("release", Command::Release { bound_ms: 0 }),
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
        ("checkpoint", Command::Checkpoint { holder: holder() }),
        ("finish: completed", finish(Verdict::Completed)),
        ("finish: failed", finish(Verdict::Failed)),
        ("finish: timed out", finish(Verdict::TimedOut)),
        ("yield", Command::Yield { holder: holder() }),
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

const DIAGRAM: &str = "
```mermaid
stateDiagram-v2
    [*] --> held
    [*] --> scheduled
    [*] --> queued
    held --> queued: release
    scheduled --> queued: due
    queued --> running: claim
    running --> running: heartbeat, checkpoint, cancel
    running --> completed: finish
    running --> failed: finish, expire
    running --> queued: expire, yield
    running --> scheduled: finish (retry policy)
    running --> cancelled: finish, expire, yield (after cancel)
    held --> cancelled: cancel
    scheduled --> cancelled: cancel
    queued --> cancelled: cancel
    completed --> queued: retry
    failed --> queued: retry
    cancelled --> queued: retry
```
";
