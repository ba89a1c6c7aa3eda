//! Plugins as the parts of a job: which reports of an executor fit a job, and what the event log gets.

use serde::Serialize;
use wire::{
    JsonText,
    executors::{EndedPlugin, PartReport, Stage},
    plugin_jobs::Config,
};

use super::config;
use crate::{http::json, refusal::Refusal};

/// What is kept of why a plugin failed or was skipped, in bytes.
const ERROR_LIMIT: usize = 16 * 1024;
/// What an event has of it.
const EVENT_ERROR_LIMIT: usize = 1_024;
/// An event does not have a longer metric, which the job itself shows.
const EVENT_METRIC_LIMIT: usize = 16 * 1024;

/// Reports of plugins as the store takes them, if the job has these plugins.
pub(crate) fn check_parts(
    input: &[u8],
    reports: Vec<PartReport>,
) -> Result<Vec<store::runs::PartReport>, Refusal> {
    let config = config(input)?;
    let reports = reports.into_iter();
    reports.map(|report| part(&config, report)).collect()
}

/// The report of a plugin as the store takes it. The number of a plugin is its place in the job.
fn part(config: &Config, report: PartReport) -> Result<store::runs::PartReport, Refusal> {
    let wrong = |message: String| Err(Refusal::field("parts", format!("parts: {message}")));
    let place = usize::try_from(report.number - 1).ok();
    let plugin = place.and_then(|place| config.plugins.get(place));
    if plugin != Some(&report.name) || !report.path.is_empty() {
        let message = format!("part {} of the job is not `{}`", report.number, report.name);
        return wrong(message);
    }
    let (body, event_data) = match (report.stage, &report.body) {
        (Stage::Started, None) => (Vec::new(), String::new()),
        (Stage::Completed | Stage::Failed | Stage::Skipped, Some(body)) => {
            let mut ended: EndedPlugin = match json::parse(body.get().as_bytes()) {
                Ok(ended) => ended,
                Err(refusal) => {
                    return wrong(format!(
                        "the body of `{}`: {}",
                        report.name, refusal.message
                    ));
                }
            };
            if ended.stage() != report.stage {
                let message = format!("`{}` did not end as its body says", report.name);
                return wrong(message);
            }
            if report.stage == Stage::Skipped && !config.skip_unfit {
                let message = format!("the job names `{}`, which cannot be skipped", report.name);
                return wrong(message);
            }
            for why in [&mut ended.error, &mut ended.skipped].into_iter().flatten() {
                why.truncate(why.floor_char_boundary(ERROR_LIMIT));
            }
            let tries = failed_tries(report.stage, report.tries.into());
            // Strings and JSON values have a JSON form.
            let body = serde_json::to_vec(&ended).unwrap_or_default();
            (body, event_data(&ended, tries))
        }
        _ => {
            return wrong(format!(
                "`{}` began with a body or ended without",
                report.name
            ));
        }
    };
    Ok(store::runs::PartReport {
        number: report.number,
        name: report.name,
        path: report.path,
        stage: report.stage.into(),
        tries: report.tries.into(),
        body,
        event_data,
    })
}

/// How many tries of a plugin failed.
pub(super) fn failed_tries(stage: Stage, tries: i64) -> u32 {
    let failed = match stage {
        Stage::Failed => tries,
        // The last one did not fail.
        _ => tries - 1,
    };
    u32::try_from(failed.max(0)).unwrap_or(u32::MAX)
}

/// What the event log has of a plugin that ended.
#[derive(Default, Serialize)]
struct EventData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_tries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<&'a JsonText>,
}

fn event_data(ended: &EndedPlugin, failed_tries: u32) -> String {
    let short = |why: &'_ String| why.floor_char_boundary(EVENT_ERROR_LIMIT);
    let data = match &ended.skipped {
        Some(reason) => EventData {
            reason: Some(&reason[..short(reason)]),
            ..EventData::default()
        },
        None => EventData {
            took_ms: Some(ended.took_ms),
            failed_tries: Some(failed_tries),
            error: ended.error.as_ref().map(|error| &error[..short(error)]),
            metric: ended
                .metric
                .as_ref()
                .filter(|metric| metric.get().len() <= EVENT_METRIC_LIMIT),
            ..EventData::default()
        },
    };
    // Strings and JSON values have a JSON form.
    serde_json::to_string(&data).unwrap_or_default()
}
