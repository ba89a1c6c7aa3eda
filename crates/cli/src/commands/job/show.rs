//! `job get` and `job list`.

use wire::{
    client::JobFilter,
    jobs::{Job, JobSummary},
};

use crate::{
    args::{List, OneJob, word},
    commands::{
        connection,
        page::{self, took},
    },
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash},
};

pub(super) async fn list(list: List) -> Result<Exit, Failure> {
    let client = connection::open(&list.client.address)?;
    let labels = list.label.iter();
    let labels = labels.map(|(name, value)| format!("{name}={value}"));
    let filter = JobFilter {
        status: list.status.as_ref().map(word),
        job_type: list.job_type,
        priority: list.priority.as_ref().map(word),
        limit: Some(list.page.limit),
        offset: Some(list.page.offset),
        labels: labels.collect(),
    };
    let jobs = client.jobs(&filter).await?;
    if list.client.format.json {
        print_json(&jobs)?;
        return Ok(Exit::OK);
    }
    if jobs.is_empty() {
        let everything = filter.status.is_none()
            && filter.job_type.is_none()
            && filter.priority.is_none()
            && filter.labels.is_empty()
            && list.page.offset == 0;
        say(if everything {
            "no jobs; submit one with `playhouse job submit ./program`"
        } else {
            "no such jobs"
        });
        return Ok(Exit::OK);
    }
    if filter.labels.is_empty() {
        page::print(&rows(&jobs), jobs.len(), list.page)?;
    } else {
        // Those are not skipped by number.
        print_bytes(rows(&jobs).text().as_bytes())?;
    }
    Ok(Exit::OK)
}

fn rows(jobs: &[JobSummary]) -> Table {
    let mut table = Table::new(&[
        "ID",
        "TYPE",
        "STATUS",
        "PRIORITY",
        "SUBMITTED",
        "TOOK",
        "EXECUTOR",
    ]);
    for job in jobs {
        table.row([
            job.id.clone(),
            job.job_type.clone(),
            status(job),
            job.priority.clone(),
            job.created_at.to_string(),
            or_dash(took(job.started_at, job.completed_at)),
            or_dash(job.executor_id.clone()),
        ]);
    }
    table
}

/// Where a job stands, and why it waits if no known executor can take it.
fn status(job: &JobSummary) -> String {
    match &job.placement_error {
        Some(why) => format!("{}: {why}", job.status),
        None => job.status.clone(),
    }
}

pub(super) async fn get(get: OneJob) -> Result<Exit, Failure> {
    let job = connection::open(&get.client.address)?.job(&get.id).await?;
    if get.client.format.json {
        print_json(&job)?;
        return Ok(Exit::OK);
    }
    let mut text = fields(&job).text();
    if !job.attempts.is_empty() {
        text.push('\n');
        text.push_str(&attempts(&job).text());
    }
    print_bytes(text.as_bytes())?;
    Ok(Exit::OK)
}

fn fields(job: &Job) -> Table {
    let pairs = |pairs: &std::collections::BTreeMap<String, String>| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join(" "))
    };
    let limit = job.timeout_seconds.map(|seconds| format!("{seconds} s"));
    let size = |text: &str| (!text.is_empty()).then(|| format!("{} bytes", text.len()));
    let all = [
        ("id", Some(job.id.clone())),
        ("type", Some(job.job_type.clone())),
        ("status", Some(job.status.clone())),
        ("waits", job.placement_error.clone()),
        ("error", job.error_message.clone()),
        ("exit code", job.exit_code.map(|code| code.to_string())),
        ("priority", Some(job.priority.clone())),
        ("program", Some(job.binary_url.clone())),
        ("sha256", Some(job.binary_sha256.clone())),
        (
            "arguments",
            (!job.arguments.is_empty()).then(|| format!("{:?}", job.arguments)),
        ),
        ("environment", pairs(&job.env_variables)),
        ("labels", job.labels.as_ref().and_then(pairs)),
        ("requires", job.requires.as_ref().and_then(pairs)),
        ("cpus", job.cpus.map(|cpus| cpus.to_string())),
        (
            "memory",
            job.memory_mb.map(|memory| format!("{memory} MiB")),
        ),
        ("time limit", limit),
        (
            "attempts",
            job.max_attempts
                .map(|most| format!("{} of {most}", job.attempts.len())),
        ),
        ("not before", job.not_before.map(|time| time.to_string())),
        ("submitted", Some(job.created_at.to_string())),
        ("started", job.started_at.map(|time| time.to_string())),
        ("ended", job.completed_at.map(|time| time.to_string())),
        ("stdout", size(&job.stdout)),
        ("stderr", size(&job.stderr)),
    ];
    Table::of_fields(all)
}

fn attempts(job: &Job) -> Table {
    let mut table = Table::new(&["ATTEMPT", "STATUS", "STARTED", "TOOK", "EXECUTOR", "WHY"]);
    for (number, attempt) in (1..).zip(&job.attempts) {
        table.row([
            i32::to_string(&number),
            attempt.status.clone(),
            attempt.started_at.to_string(),
            or_dash(took(Some(attempt.started_at), attempt.ended_at)),
            attempt.executor_id.clone(),
            or_dash(attempt.error_message.clone()),
        ]);
    }
    table
}
