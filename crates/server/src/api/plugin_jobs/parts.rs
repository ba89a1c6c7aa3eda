//! Plugins as the parts of a job: which reports of an executor fit a job, and what the event log gets.

use serde_json::{Value, json};
use wire::{
    executors::{EndedPlugin, PartReport, Stage},
    plugin_jobs::Config,
};

use super::config;
use crate::refusal::Refusal;

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
            let mut ended: EndedPlugin = match serde_json::from_value(body.clone()) {
                Ok(ended) => ended,
                Err(error) => return wrong(format!("the body of `{}`: {error}", report.name)),
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
            (body, event_data(&ended, tries).to_string())
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

fn event_data(ended: &EndedPlugin, failed_tries: u32) -> Value {
    let short = |why: &str| Value::from(&why[..why.floor_char_boundary(EVENT_ERROR_LIMIT)]);
    if let Some(reason) = &ended.skipped {
        return json!({"reason": short(reason)});
    }
    let mut event_data = json!({"took_ms": ended.took_ms, "failed_tries": failed_tries});
    if let Some(error) = &ended.error {
        event_data["error"] = short(error);
    }
    if let Some(metric) = &ended.metric
        && metric.to_string().len() <= EVENT_METRIC_LIMIT
    {
        event_data["metric"] = metric.clone();
    }
    event_data
}
