//! Rows as bodies.

use std::collections::BTreeMap;

use engine::{AttemptEnd, Kind, Priority, Run, State, Status};
use store::runs::{AttemptRow, Claimed, Details, ResultRow};
use wire::{
    Timestamp,
    jobs::{Attempt, EnvVariable, Job, JobSummary, NewJob},
    text::lossy,
};

use crate::{kinds, placement::Fleet};

/// What stands in the place of a value that is not shown.
pub(super) const MASKED: &str = "***";

/// The contract's word for a status.
pub(super) fn status(status: Status) -> &'static str {
    (kinds::of(Kind::Job).word_of)(status)
}

/// A row of a list.
pub(super) fn summary(run: &Run, fleet: &Fleet) -> JobSummary {
    let (executor_id, started_at) = taken(run);
    JobSummary {
        id: run.id.to_string(),
        job_type: run.name.clone(),
        status: status(run.state.status()).to_owned(),
        priority: priority(run.priority),
        executor_id,
        created_at: Timestamp(run.created_at),
        started_at,
        completed_at: ended_at(run),
        placement_error: placement_error(run, fleet),
    }
}

/// Why no known executor can take a run that waits for one.
pub(super) fn placement_error(run: &Run, fleet: &Fleet) -> Option<String> {
    match run.state {
        State::Scheduled { .. } | State::Queued => fleet.lacks(&run.queue),
        _ => None,
    }
}

/// A job with all that belongs to it.
pub(super) fn job(mut details: Details) -> Result<Job, store::Error> {
    let attempts = std::mem::take(&mut details.attempts);
    let input = std::mem::take(&mut details.input);
    let run = details.run.clone();
    let attempts = attempts.into_iter().map(attempt).collect();
    loaded(&run, &input, attempts, details.reported_or_lost())
}

/// A job that was just claimed for the first time: nothing needs to be looked up.
pub(super) fn claimed(claimed: &Claimed, executor_ip: &str) -> Result<Job, store::Error> {
    let run = &claimed.run;
    let attempt = Attempt {
        executor_id: run.executor.clone().unwrap_or_default(),
        executor_ip: executor_ip.to_owned(),
        started_at: Timestamp(run.started_at.unwrap_or(run.created_at)),
        ended_at: None,
        status: "running".to_owned(),
        error_message: None,
    };
    loaded(run, &claimed.input, vec![attempt], ResultRow::default())
}

fn loaded(
    run: &Run,
    input: &[u8],
    attempts: Vec<Attempt>,
    result: ResultRow,
) -> Result<Job, store::Error> {
    let input: NewJob = serde_json::from_slice(input)
        .map_err(|error| store::Error::Corrupt(format!("a job's input: {error}")))?;
    let (executor_id, started_at) = taken(run);
    Ok(Job {
        id: run.id.to_string(),
        job_type: input.job_type,
        binary_url: input.binary_url,
        binary_sha256: input.binary_sha256,
        arguments: input.arguments.unwrap_or_default(),
        env_variables: shown(input.env_variables.unwrap_or_default()),
        priority: priority(run.priority),
        status: status(run.state.status()).to_owned(),
        executor_id,
        stdout: lossy(result.stdout),
        stderr: lossy(result.stderr),
        exit_code: result.exit_code,
        created_at: Timestamp(run.created_at),
        started_at,
        completed_at: ended_at(run),
        attempts,
        files: input.files,
        allow: input.allow,
        binary_headers: input.binary_headers.map(shown),
        program_name: input.program_name,
        error_message: result.error,
        timeout_seconds: input.timeout_seconds,
        max_attempts: u32::try_from(run.max_attempts).ok(),
        retry: input.retry,
        not_before: input.not_before,
        labels: input.labels,
        requires: input.requires,
        cpus: input.cpus,
        memory_mb: input.memory_mb,
        placement_error: None,
        cancel_requested: (run.signals.cancel > 0).then_some(true),
        lease_token: None,
        lease_seconds: None,
    })
}

/// Variables as they are shown: what is secret was taken out when the job was submitted.
fn shown(variables: BTreeMap<String, EnvVariable>) -> BTreeMap<String, String> {
    let value = |value: EnvVariable| match value {
        EnvVariable::Text(text) => text,
        EnvVariable::Secret(_) => MASKED.to_owned(),
    };
    let variables = variables.into_iter();
    variables.map(|(name, one)| (name, value(one))).collect()
}

fn attempt(row: AttemptRow) -> Attempt {
    let timed_out = row.timed_out();
    Attempt {
        executor_id: row.executor,
        executor_ip: row.executor_ip,
        started_at: Timestamp(row.started_at),
        ended_at: row.ended_at.map(Timestamp),
        // To the caller who reads it, it is the same whether the executor ended it or the server had to.
        status: if timed_out {
            AttemptEnd::TimedOut.as_str().to_owned()
        } else {
            row.status
        },
        error_message: row.error,
    }
}

/// Who has the run, or of an ended one had it last, and since when. Of one that waits again, its attempts
/// tell.
fn taken(run: &Run) -> (Option<String>, Option<Timestamp>) {
    match run.state {
        State::Held | State::Scheduled { .. } | State::Queued | State::Waiting(_) => (None, None),
        State::Running(_) | State::Done { .. } => {
            (run.executor.clone(), run.started_at.map(Timestamp))
        }
    }
}

fn priority(priority: Priority) -> String {
    priority.as_str().to_owned()
}

fn ended_at(run: &Run) -> Option<Timestamp> {
    match run.state {
        State::Done { at, .. } => Some(Timestamp(at)),
        _ => None,
    }
}
