//! Rows as bodies.

use std::collections::BTreeMap;

use engine::{Kind, Run, State, Status};
use wire::{
    TimestampMs,
    executors::{EndedPlugin, Stage},
    plugin_jobs::{Job, JobProgress, JobResult, JobSummary, PluginError, PluginRecord},
};

use super::loaded::{LoadedJob, PluginPart};
use crate::kinds;

/// The contract's word for a status.
pub(super) fn status(status: Status) -> &'static str {
    (kinds::of(Kind::PluginJob).word_of)(status)
}

/// A job as it is now.
pub(super) fn job(loaded: &LoadedJob) -> Job {
    let ended = matches!(loaded.details.run.state, State::Done { .. });
    Job {
        result: ended.then(|| result(loaded)),
        ..frame(loaded, progress(loaded), &loaded.ended)
    }
}

/// A job without a result.
pub(super) fn frame(loaded: &LoadedJob, progress: JobProgress, ended: &[PluginPart]) -> Job {
    let run = &loaded.details.run;
    let current = loaded.current.as_ref();
    let current = current.filter(|(name, _)| Some(name) == progress.current_plugin.as_ref());
    let failed_tries = ended.iter().map(|plugin| plugin.failed_tries);
    let failed_tries = failed_tries.chain(current.map(|(_, failed_tries)| *failed_tries));
    Job {
        id: run.id.to_string(),
        config: loaded.config.clone(),
        progress,
        result: None,
        priority: 0,
        retries: failed_tries.map(u64::from).sum(),
        max_retries: loaded.config.retries,
        created_at: TimestampMs(run.created_at),
        updated_at: TimestampMs(loaded.updated_at),
    }
}

/// How far a job is now.
pub(super) fn progress(loaded: &LoadedJob) -> JobProgress {
    let run = &loaded.details.run;
    let running = matches!(run.state, State::Running(_));
    let current = loaded.current.as_ref().filter(|_| running);
    JobProgress {
        status: status(run.state.status()).to_owned(),
        start_time: TimestampMs(started_at(loaded)),
        end_time: ended_at(run),
        error: error(loaded),
        current_plugin: current.map(|(name, _)| name.clone()),
        completed_plugins: completed(&loaded.ended),
        cancelled: run.state.status() == Status::Cancelled,
    }
}

/// When a job first started; when it was created, until it does.
pub(super) fn started_at(loaded: &LoadedJob) -> i64 {
    let first = loaded.details.attempts.first();
    first.map_or(loaded.details.run.created_at, |attempt| attempt.started_at)
}

/// The names of those that completed.
pub(super) fn completed(ended: &[PluginPart]) -> Vec<String> {
    let completed = ended.iter().filter(|one| one.stage == Stage::Completed);
    completed.map(|plugin| plugin.name.clone()).collect()
}

/// Why a job ended without success.
fn error(loaded: &LoadedJob) -> Option<String> {
    match loaded.details.run.state.status() {
        Status::Failed => {}
        Status::Cancelled => return Some("the job was cancelled".to_owned()),
        _ => return None,
    }
    let failed = loaded.ended.iter();
    let mut reasons: Vec<String> = failed
        .filter_map(|plugin| {
            let error = plugin.left.error.as_ref()?;
            Some(format!("plugin `{}` failed: {error}", plugin.name))
        })
        .collect();
    let last = loaded.details.attempts.last();
    if reasons.is_empty()
        || last.is_none_or(|attempt| attempt.status != "failed")
        || is_over(loaded)
    {
        reasons.push(own_error(loaded));
    }
    Some(reasons.join("; "))
}

/// Whether the time of the whole job was over when it ended.
fn is_over(loaded: &LoadedJob) -> bool {
    let run = &loaded.details.run;
    match (&run.state, run.deadline) {
        (State::Done { at, .. }, Some(deadline)) => *at >= deadline,
        _ => false,
    }
}

/// Why a job ended, but for its plugins that failed.
fn own_error(loaded: &LoadedJob) -> String {
    let timed_out = loaded.details.attempts.last();
    let timed_out = timed_out.is_some_and(|attempt| attempt.timed_out());
    let mut reason = if timed_out || is_over(loaded) {
        format!("its time of {} ms was over", loaded.config.timeout)
    } else {
        let reported = loaded.details.result.error.clone();
        reported.unwrap_or_else(|| "its executor did not say why".to_owned())
    };
    // It may name the plugin already.
    if let Some((current, _)) = &loaded.current
        && !reason.contains(&format!("`{current}`"))
    {
        reason += &format!(", in plugin `{current}`");
    }
    reason
}

/// What a job left.
fn result(loaded: &LoadedJob) -> JobResult {
    let ended = &loaded.ended;
    let completed = ended.iter().filter(|one| one.stage == Stage::Completed);
    let called = ended.iter().filter(|one| one.stage != Stage::Skipped);
    let metric = |plugin: &PluginPart| {
        let metric = plugin.left.metric.clone().unwrap_or_default();
        BTreeMap::from([(plugin.name.clone(), metric)])
    };
    let because = |why: fn(&EndedPlugin) -> &Option<String>| {
        let because = ended.iter().filter_map(|plugin| {
            Some(PluginError {
                plugin: plugin.name.clone(),
                message: why(&plugin.left).clone()?,
            })
        });
        because.collect()
    };
    JobResult {
        metrics: completed.map(metric).collect(),
        summary: loaded.state.summary.clone(),
        errors: because(|plugin| &plugin.error),
        skipped: because(|plugin| &plugin.skipped),
        debug: loaded.config.debug.then(|| called.map(record).collect()),
    }
}

fn record(plugin: &PluginPart) -> PluginRecord {
    PluginRecord {
        plugin: plugin.name.clone(),
        took_ms: plugin.left.took_ms,
        failed_tries: plugin.failed_tries,
        logs: plugin.left.logs.clone(),
    }
}

/// An item of a list.
pub(super) fn summary(run: &Run) -> JobSummary {
    let plugins = run.queue.split_once(':');
    let plugins = plugins.map(|(_, rest)| kinds::capabilities(rest).map(str::to_owned).collect());
    JobSummary {
        id: run.id.to_string(),
        status: status(run.state.status()).to_owned(),
        cancelled: run.state.status() == Status::Cancelled,
        plugins: plugins.unwrap_or_default(),
        created_at: TimestampMs(run.created_at),
        started_at: run.started_at.map(TimestampMs),
        end_time: ended_at(run),
    }
}

fn ended_at(run: &Run) -> Option<TimestampMs> {
    match run.state {
        State::Done { at, .. } => Some(TimestampMs(at)),
        _ => None,
    }
}
