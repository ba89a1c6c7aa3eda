//! Events of plugin jobs in the contract's words, for the job's own stream and webhook.

use std::collections::BTreeMap;

use engine::RunId;
use store::{Read, events::EventRow, hooks::Composed};
use wire::{
    JsonText, TimestampMs,
    executors::Stage,
    plugin_jobs::{EventError, Job, JobEvent, JobEventData, JobProgress},
};

use super::{
    loaded::{self, LoadedJob, PluginPart},
    view,
};

/// The longest part of an event, in bytes.
const PART_LIMIT: usize = 64 * 1024;

/// What the event log has of an event.
type Logged = BTreeMap<String, JsonText>;

/// What the contract calls an event of the log; nothing for one that it does not know, but for a plugin
/// that is skipped. A job starts once, however many attempts it takes.
fn word(event: &EventRow, data: &Logged) -> Option<&'static str> {
    Some(match event.event_type.strip_prefix("plugin_job.")? {
        "started"
            if data
                .get("attempt")
                .is_some_and(|attempt| attempt.get() == "1") =>
        {
            "jobStart"
        }
        "plugin_started" => "pluginStart",
        "plugin_completed" => "pluginComplete",
        "plugin_failed" => "pluginError",
        "plugin_skipped" => "pluginSkip",
        "completed" => "jobComplete",
        "failed" | "cancelled" => "jobError",
        _ => return None,
    })
}

/// The bodies for the job's own webhook.
///
/// # Errors
/// The database's.
pub(crate) fn compose(
    read: &mut Read<'_, '_>,
    id: RunId,
    events: &[EventRow],
) -> Result<Vec<Option<Composed>>, store::Error> {
    let composed = |event: JobEvent| Composed {
        event: event.event.clone(),
        // Strings and JSON values have a JSON form.
        body: serde_json::to_string(&event).unwrap_or_default(),
    };
    let events = in_words(read, id, events)?;
    Ok(events
        .into_iter()
        .map(|event| event.map(composed))
        .collect())
}

/// Events of one job in the contract's words, each with the job as it was then; nothing for those that
/// the contract does not know.
///
/// # Errors
/// The database's.
pub(super) fn in_words(
    read: &mut Read<'_, '_>,
    id: RunId,
    events: &[EventRow],
) -> Result<Vec<Option<JobEvent>>, store::Error> {
    let worded: Vec<_> = events
        .iter()
        .map(|event| {
            let data = serde_json::from_str(&event.data).unwrap_or_default();
            (event, word(event, &data), data)
        })
        .collect();
    if worded.iter().all(|(_, word, _)| word.is_none()) {
        return Ok(events.iter().map(|_| None).collect());
    }
    let loaded = match loaded::find(read, id) {
        Ok(loaded) => Some(loaded),
        // It was deleted meanwhile: only what the log has is shown.
        Err(store::Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let event_data = worded.into_iter().map(|(event, word, data)| {
        let word = word?;
        let data = match &loaded {
            Some(loaded) => of_job(loaded, word, event, &data),
            None => of_log(id, word, &data),
        };
        Some(JobEvent {
            event: word.to_owned(),
            data: bounded(data),
            timestamp: TimestampMs(event.at),
        })
    });
    Ok(event_data.collect())
}

/// An event is kept and sent many times: it has no part that is long, which the job itself shows.
fn bounded(mut data: JobEventData) -> JobEventData {
    data.metrics = data.metrics.filter(is_short);
    data.logs = data.logs.filter(is_short);
    if let Some(job) = &mut data.job {
        if !is_short(&job.config.input) {
            job.config.input = JsonText::default();
        }
        job.result = job.result.take().filter(is_short);
    }
    data
}

fn is_short(value: &impl serde::Serialize) -> bool {
    serde_json::to_string(value).is_ok_and(|text| text.len() <= PART_LIMIT)
}

/// True for the last event of a job.
pub(super) fn is_last(event: &JobEvent) -> bool {
    matches!(&*event.event, "jobComplete" | "jobError")
}

fn text(data: &Logged, key: &str) -> Option<String> {
    data.get(key)?.value().as_str().map(str::to_owned)
}

fn of_log(id: RunId, word: &str, data: &Logged) -> JobEventData {
    let message = match word {
        "pluginError" => text(data, "error"),
        "jobError" => {
            let reason = text(data, "reason");
            Some(reason.unwrap_or_else(|| "the job was cancelled".to_owned()))
        }
        _ => None,
    };
    JobEventData {
        job_id: id.to_string(),
        plugin_name: text(data, "plugin"),
        metrics: data.get("metric").cloned(),
        error: message.map(|message| EventError { message }),
        reason: text(data, "reason").filter(|_| word == "pluginSkip"),
        ..JobEventData::default()
    }
}

fn of_job(loaded: &LoadedJob, word: &str, event: &EventRow, data: &Logged) -> JobEventData {
    let id = loaded.details.run.id;
    let plugin = text(data, "plugin");
    let ended = &loaded.ended;
    let place = ended
        .iter()
        .position(|one| Some(&one.name) == plugin.as_ref());
    let job = match (word, place) {
        ("jobComplete" | "jobError", _) => view::job(loaded),
        ("jobStart", _) => then(loaded, event.at, &[], None),
        ("pluginStart", _) => {
            // The list of those that ended only grows: this one's place says how long it was.
            let before = &ended[..place.unwrap_or(ended.len())];
            then(loaded, event.at, before, plugin.clone())
        }
        (_, Some(place)) => then(loaded, event.at, &ended[..=place], None),
        (_, None) => then(loaded, event.at, ended, None),
    };
    let Some(one) = place
        .map(|place| &ended[place])
        .filter(|_| word != "pluginStart")
    else {
        let message = job.progress.error.clone();
        return JobEventData {
            error: message.map(|message| EventError { message }),
            job: Some(job),
            ..of_log(id, word, data)
        };
    };
    let called = loaded.config.debug && one.stage != Stage::Skipped;
    let left = &one.left;
    let message = left.error.clone();
    JobEventData {
        job_id: id.to_string(),
        plugin_name: plugin,
        metrics: left.metric.clone(),
        error: message.map(|message| EventError { message }),
        reason: left.skipped.clone(),
        took_ms: called.then_some(left.took_ms),
        logs: called.then(|| left.logs.clone()),
        job: Some(job),
    }
}

/// A running job as it was at a time, when these had ended and this one ran.
fn then(loaded: &LoadedJob, at: i64, ended: &[PluginPart], current: Option<String>) -> Job {
    let progress = JobProgress {
        status: "running".to_owned(),
        start_time: TimestampMs(view::started_at(loaded)),
        end_time: None,
        error: None,
        current_plugin: current,
        completed_plugins: view::completed(ended),
        cancelled: false,
    };
    Job {
        updated_at: TimestampMs(at),
        ..view::frame(loaded, progress, ended)
    }
}
