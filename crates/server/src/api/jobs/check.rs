//! What a submitted job must look like.

use std::collections::BTreeMap;

use engine::{Backoff, DEFAULT_MAX_ATTEMPTS, Kind, NewRun, Priority};
use store::runs::Submission;
use url::Url;
use wire::jobs::{NewJob, RetryPolicy};

use super::{
    places, program,
    secrets::{self, Checked},
};
use crate::{
    app::App,
    blobs::is_hash,
    hooks::check::run_hook,
    http::check::{name, optional_name},
    kinds, placement,
    refusal::Refusal,
};

const URL_LIMIT: usize = 8 * 1024;
/// What Linux takes for one argument or variable, with its NUL.
const WORD_LIMIT: usize = 128 * 1024 - 1;
/// What Linux takes for all of them, less room for the program's own.
const WORDS_LIMIT: usize = 1_500_000;
const LABELS_LIMIT: usize = 64;
const ATTEMPTS_LIMIT: u32 = 1_000;
/// Longest time that we take, in seconds: ten years.
const TIME_LIMIT: u64 = 10 * 366 * 24 * 3600;

/// Checks a job and makes it a run.
pub(super) fn submission(app: &App, mut job: NewJob) -> Result<Checked, Refusal> {
    name("type", &job.job_type)?;
    if job.job_type.chars().any(char::is_whitespace) {
        return Err(Refusal::field("type", "type must not contain white space"));
    }
    url("binary_url", &job.binary_url)?;
    hash("binary_sha256", &mut job.binary_sha256)?;
    let mut blobs: Vec<String> = uploaded(&job.binary_url).into_iter().collect();
    if let Some(files) = &mut job.files {
        places::check_files(files, &mut blobs)?;
    }
    program::check(&job)?;
    let priority = priority("priority", &job.priority)?;
    words(&job)?;
    places::check_allow(job.allow.as_deref().unwrap_or_default())?;
    labels(job.labels.as_ref())?;
    let required = placement::required(&job)?;
    let times = times(&mut job)?;
    // Taken out: what the job works on is shown to executors and readers, its secrets are not.
    let hook = job.webhook.take();
    let hook = hook
        .map(|hook| run_hook(&app.ssrf_filter, Kind::Job, hook))
        .transpose()?;
    let labels = job.labels.clone().unwrap_or_default();
    let secrets = secrets::taken(&mut job);
    // A checked job is made of strings and numbers: it has a JSON form.
    let input = serde_json::to_vec(&job).unwrap_or_default();
    let run = NewRun {
        id: app.clock.run_id(),
        kind: Kind::Job,
        name: job.job_type,
        queue: kinds::of(Kind::Job).queues.queue(&required),
        priority,
        held: false,
        not_before: job.not_before.map(|at| at.0),
        max_attempts: times.max_attempts,
        retry: times.retry,
        timeout_ms: times.timeout_ms,
        whole_timeout_ms: None,
        parent: None,
        exclusive_key: None,
        cleans_up: false,
    };
    let submission = Submission {
        run,
        input,
        blobs,
        hook,
        labels,
    };
    Ok((submission, secrets))
}

/// A priority.
pub(super) fn priority(field: &str, text: &str) -> Result<Priority, Refusal> {
    text.parse().map_err(|_| {
        let message = format!("{field} must be one of foreground, background, best_effort");
        Refusal::field(field, message)
    })
}

pub(super) fn url(field: &str, text: &str) -> Result<(), Refusal> {
    let wrong = |message: String| Err(Refusal::field(field, message));
    if text.len() > URL_LIMIT {
        return wrong(format!("{field} must have at most {URL_LIMIT} bytes"));
    }
    match Url::parse(text) {
        Err(error) => wrong(format!("{field} is not a URL: {error}")),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => wrong(format!(
            "{field} must be http or https, not {}",
            url.scheme()
        )),
        Ok(_) => Ok(()),
    }
}

pub(super) fn hash(field: &str, sha256: &mut str) -> Result<(), Refusal> {
    if !is_hash(sha256) {
        let message = format!("{field} must be 64 hexadecimal digits");
        return Err(Refusal::field(field, message));
    }
    sha256.make_ascii_lowercase();
    Ok(())
}

/// Arguments and environment: what the system could not start would fail on every executor.
fn words(job: &NewJob) -> Result<(), Refusal> {
    let mut total = 0;
    for (index, argument) in job.arguments.iter().flatten().enumerate() {
        total += word(&format!("arguments[{index}]"), argument)?;
    }
    for (name, value) in job.env_variables.iter().flatten() {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = "names of env_variables must not be empty and must not contain = or NUL";
            return Err(Refusal::field("env_variables", message));
        }
        total += word("env_variables", name)?;
        let value = value.value();
        total += word(&format!("env_variables.{name}"), value)?;
        // The system takes `NAME=VALUE` as one word.
        if name.len() + 1 + value.len() > WORD_LIMIT {
            let message = format!("must have at most {WORD_LIMIT} bytes with its name and the =");
            return Err(Refusal::field(format!("env_variables.{name}"), message));
        }
    }
    if total > WORDS_LIMIT {
        let message = format!(
            "arguments and env_variables together must have at most {WORDS_LIMIT} bytes \
             (9 are counted for each beside its own)"
        );
        return Err(Refusal::field("arguments", message));
    }
    Ok(())
}

/// What a word takes of the system's limit: itself, its NUL and its pointer.
fn word(field: &str, text: &str) -> Result<usize, Refusal> {
    if text.contains('\0') {
        return Err(Refusal::field(field, "must not contain NUL"));
    }
    if text.len() > WORD_LIMIT {
        return Err(Refusal::field(
            field,
            format!("must have at most {WORD_LIMIT} bytes"),
        ));
    }
    Ok(text.len() + 9)
}

fn labels(labels: Option<&BTreeMap<String, String>>) -> Result<(), Refusal> {
    let Some(labels) = labels else { return Ok(()) };
    if labels.len() > LABELS_LIMIT {
        return Err(Refusal::field(
            "labels",
            format!("at most {LABELS_LIMIT} labels are allowed"),
        ));
    }
    for (key, value) in labels {
        name("labels", key)?;
        optional_name(&format!("labels.{key}"), value)?;
    }
    Ok(())
}

struct Times {
    timeout_ms: Option<i64>,
    max_attempts: i64,
    retry: Option<Backoff>,
}

fn times(job: &mut NewJob) -> Result<Times, Refusal> {
    if let Some(retries) = job.max_retries.take() {
        if job.max_attempts.is_some() {
            let message = "max_retries cannot stand beside max_attempts";
            return Err(Refusal::field("max_retries", message));
        }
        if retries >= ATTEMPTS_LIMIT {
            let message = format!("max_retries must be from 0 to {}", ATTEMPTS_LIMIT - 1);
            return Err(Refusal::field("max_retries", message));
        }
        job.max_attempts = Some(retries + 1);
    }
    if job
        .timeout_seconds
        .is_some_and(|seconds| seconds == 0 || seconds > TIME_LIMIT)
    {
        let message = format!("timeout_seconds must be from 1 to {TIME_LIMIT}");
        return Err(Refusal::field("timeout_seconds", message));
    }
    if job
        .max_attempts
        .is_some_and(|attempts| attempts == 0 || attempts > ATTEMPTS_LIMIT)
    {
        let message = format!("max_attempts must be from 1 to {ATTEMPTS_LIMIT}");
        return Err(Refusal::field("max_attempts", message));
    }
    Ok(Times {
        timeout_ms: job
            .timeout_seconds
            .and_then(|seconds| i64::try_from(seconds * 1000).ok()),
        max_attempts: job.max_attempts.map_or(DEFAULT_MAX_ATTEMPTS, i64::from),
        retry: job.retry.map(backoff).transpose()?,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be at most ten years"
)]
fn backoff(policy: RetryPolicy) -> Result<Backoff, Refusal> {
    let within = |field: &str, value: f64, low: f64, high: f64| {
        if value.is_finite() && (low..=high).contains(&value) {
            return Ok(());
        }
        let field = format!("retry.{field}");
        Err(Refusal::field(
            &*field,
            format!("{field} must be from {low} to {high}"),
        ))
    };
    #[expect(clippy::cast_precision_loss, reason = "a limit need not be exact")]
    let longest = TIME_LIMIT as f64;
    within("initial_seconds", policy.initial_seconds, 0.0, longest)?;
    within("factor", policy.factor, 1.0, 1_000.0)?;
    within("max_seconds", policy.max_seconds, 0.0, longest)?;
    within("jitter", policy.jitter, 0.0, 1.0)?;
    Ok(Backoff {
        initial_ms: (policy.initial_seconds * 1000.0) as i64,
        factor: policy.factor,
        max_ms: (policy.max_seconds * 1000.0) as i64,
        jitter: policy.jitter,
    })
}

/// The hash in a URL of one of our own uploads, whatever name it gives this server: such a program is
/// kept as long as its job is.
pub(super) fn uploaded(url: &str) -> Option<String> {
    let (_, sha256) = url
        .split(['?', '#'])
        .next()?
        .rsplit_once("/api/v1/binaries/")?;
    is_hash(sha256).then(|| sha256.to_ascii_lowercase())
}
