//! `plugin-job get` and `plugin-job list`, and the results of a job.

use serde_json::Value;
use wire::{
    client::PluginJobFilter,
    plugin_jobs::{Job, PluginError},
};

use crate::{
    args::{ListPluginJobs, OneJob, word},
    commands::{
        connection,
        page::{self, seconds, took},
    },
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash},
};

pub(super) async fn list(list: ListPluginJobs) -> Result<Exit, Failure> {
    let client = connection::open(&list.client.address)?;
    let filter = PluginJobFilter {
        status: list.status.as_ref().map(word),
        limit: Some(list.page.limit),
        offset: Some(list.page.offset),
    };
    let jobs = client.plugin_jobs(&filter).await?;
    if list.client.format.json {
        print_json(&jobs)?;
        return Ok(Exit::OK);
    }
    if jobs.is_empty() {
        let everything = filter.status.is_none() && list.page.offset == 0;
        say(if everything {
            "no plugin jobs; submit one with `playhouse plugin-job submit --text TEXT`"
        } else {
            "no such plugin jobs"
        });
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["ID", "STATUS", "CREATED", "TOOK", "PLUGINS"]);
    for job in &jobs {
        let status = if job.cancelled {
            "cancelled"
        } else {
            &job.status
        };
        table.row([
            job.id.clone(),
            status.to_owned(),
            seconds(job.created_at).to_string(),
            or_dash(took(job.started_at.map(seconds), job.end_time.map(seconds))),
            job.plugins.join(" "),
        ]);
    }
    page::print(&table, jobs.len(), list.page)?;
    Ok(Exit::OK)
}

pub(super) async fn get(get: OneJob) -> Result<Exit, Failure> {
    let job = connection::open(&get.client.address)?
        .plugin_job(&get.id)
        .await?;
    if get.client.format.json {
        print_json(&job)?;
        return Ok(Exit::OK);
    }
    let mut text = fields(&job).text();
    text.push('\n');
    text.push_str(&results(&job).text());
    print_bytes(text.as_bytes())?;
    Ok(Exit::OK)
}

fn fields(job: &Job) -> Table {
    let progress = &job.progress;
    let status = if progress.cancelled {
        "cancelled"
    } else {
        &progress.status
    };
    let limit = match job.config.timeout {
        ms if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        ms => format!("{ms} ms"),
    };
    let all = [
        ("id", Some(job.id.clone())),
        ("status", Some(status.to_owned())),
        ("error", progress.error.clone()),
        ("time limit", Some(limit)),
        (
            "retries",
            Some(format!(
                "{}, at most {} for each plugin",
                job.retries, job.max_retries
            )),
        ),
        ("created", Some(seconds(job.created_at).to_string())),
        ("started", Some(seconds(progress.start_time).to_string())),
        (
            "ended",
            progress.end_time.map(|time| seconds(time).to_string()),
        ),
    ];
    Table::of_fields(all)
}

/// What each plugin measured, a metric a line, without those that are zero or empty; of a plugin that measured
/// nothing, why.
pub(super) fn results(job: &Job) -> Table {
    let mut table = Table::new(&["PLUGIN", "STATUS", "METRIC", "VALUE"]);
    for name in &job.config.plugins {
        let (status, values) = result(job, name);
        let mut labels = [name.clone(), status.to_owned()];
        let values = if values.is_empty() {
            vec![(String::new(), String::new())]
        } else {
            values
        };
        for (metric, value) in values {
            let [plugin, status] = std::mem::take(&mut labels);
            table.row([plugin, status, metric, value]);
        }
    }
    table
}

/// Where a plugin stands, and what it left by name.
fn result(job: &Job, name: &str) -> (&'static str, Vec<(String, String)>) {
    let result = job.result.as_ref();
    let metrics = result.iter().flat_map(|result| &result.metrics);
    let reason = |errors: &[PluginError]| {
        let error = errors.iter().find(|error| error.plugin == *name)?;
        Some(vec![(String::new(), error.message.clone())])
    };
    if let Some(metric) = metrics.filter_map(|metric| metric.get(name)).next() {
        return ("completed", entries(&metric.value()));
    }
    if let Some(reason) = result.and_then(|result| reason(&result.errors)) {
        return ("failed", reason);
    }
    if let Some(reason) = result.and_then(|result| reason(&result.skipped)) {
        return ("skipped", reason);
    }
    let progress = &job.progress;
    if progress.completed_plugins.iter().any(|done| done == name) {
        ("completed", Vec::new())
    } else if progress.current_plugin.as_deref() == Some(name) {
        ("running", Vec::new())
    } else {
        ("-", Vec::new())
    }
}

/// The fields of an object that say something, or the value itself.
fn entries(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !is_empty(value))
            .map(|(name, value)| (name.clone(), cell(value)))
            .collect(),
        value => vec![(String::new(), cell(value))],
    }
}

/// Nothing, or none of what was looked for.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) => false,
    }
}

/// A value on one line. A long one is cut: `--json` has all of it.
fn cell(value: &Value) -> String {
    const WIDTH: usize = 60;
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
