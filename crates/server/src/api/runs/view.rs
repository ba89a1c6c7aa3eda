//! Rows as bodies.

use std::collections::BTreeMap;

use engine::{Run, State, step};
use store::runs::{AttemptRow, Details};
use wire::{
    TimestampMs,
    runs::{RunAttempt, RunDetails, RunSignals, RunSummary, RunWait},
};

use crate::kinds::{self, Control};

/// A row of a list.
pub(super) fn summary(run: Run, labels: BTreeMap<String, String>) -> RunSummary {
    let status = run.state.status();
    let waiting_for = match run.state {
        State::Waiting(wait) => Some(wait.reason.as_str().to_owned()),
        _ => None,
    };
    let ended_at = match run.state {
        State::Done { at, .. } => Some(TimestampMs(at)),
        _ => None,
    };
    RunSummary {
        id: run.id.to_string(),
        kind: run.kind.as_str().to_owned(),
        name: run.name,
        status: status.as_str().to_owned(),
        contract_status: kinds::of(run.kind).word(&run.state).to_owned(),
        waiting_for,
        priority: run.priority.as_str().to_owned(),
        labels,
        parent: run.parent.map(|parent| parent.to_string()),
        executor: run.executor,
        attempt: run.starts,
        submitted_at: TimestampMs(run.created_at),
        started_at: run.started_at.map(TimestampMs),
        ended_at,
    }
}

/// A run with all that belongs to it. `parts` says how many parts are at each stage.
pub(super) fn details(
    mut details: Details,
    labels: BTreeMap<String, String>,
    parts: BTreeMap<String, i64>,
    now: i64,
) -> RunDetails {
    let run = details.run.clone();
    let attempts = std::mem::take(&mut details.attempts);
    let reported = details.reported_or_lost();
    let (wait, due_at) = match run.state {
        State::Waiting(wait) => (
            Some(RunWait {
                reason: wait.reason.as_str().to_owned(),
                until: wait.timeout.map(|(at, _)| TimestampMs(at)),
                then: wait.timeout.map(|(_, then)| then.as_str().to_owned()),
            }),
            wait.due_at,
        ),
        State::Scheduled { due_at } => (None, Some(due_at)),
        _ => (None, None),
    };
    let path = kinds::of(run.kind).path;
    RunDetails {
        path: path.map(|path| format!("{path}{}", run.id)),
        controls: controls(&run, now),
        signals: RunSignals {
            generation: run.signals.generation,
            pause: run.signals.pause,
            skip: run.signals.skip,
            cancel: run.signals.cancel,
        },
        wait,
        due_at: due_at.map(TimestampMs),
        max_attempts: run.max_attempts,
        failure_count: run.failure_count,
        attempts: attempts.into_iter().map(attempt).collect(),
        parts,
        exit_code: reported.exit_code,
        error: reported.error,
        summary: summary(run, labels),
    }
}

/// What can be asked of a run now and changes it.
fn controls(run: &Run, now: i64) -> Vec<String> {
    let rules = kinds::of(run.kind);
    let status = run.state.status();
    let possible = Control::ALL.iter().filter(|control| {
        let command = control.command(0);
        let changes = |change: engine::Change| change.run.version != run.version;
        rules.refuses(**control, status).is_none() && step(run, &command, now).is_ok_and(changes)
    });
    possible
        .map(|control| control.as_str().to_owned())
        .collect()
}

fn attempt(row: AttemptRow) -> RunAttempt {
    RunAttempt {
        number: row.number,
        executor: row.executor,
        status: row.status,
        started_at: TimestampMs(row.started_at),
        ended_at: row.ended_at.map(TimestampMs),
        error: row.error,
    }
}
