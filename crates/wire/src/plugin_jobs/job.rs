//! Plugin jobs on their way in, and as they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{JsonText, TimestampMs, executors::LogLine, hooks::JobHook};

/// Body of `POST /playground/jobs`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewPluginJob {
    /// What the plugins run over: any JSON.
    #[schema(value_type = Object)]
    pub input: JsonText,
    /// How long the whole job may take from its first attempt on, in milliseconds (default 300,000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// How often each plugin is tried again after a failure (default 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Which plugins, in which order. Without it, all that are enabled and take the input, in their
    /// declared order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugins: Option<Vec<String>>,
    /// Adds the plugins' logs and times to the result and to the events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<bool>,
    /// Addition: where this job's events are sent: a URL, or an object. It is not shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<JobHook>,
}

/// What a job was asked to do, with its defaults filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginJobConfig)]
pub struct Config {
    /// What the plugins run over.
    #[schema(value_type = Object)]
    pub input: JsonText,
    /// How long the whole job may take, in milliseconds.
    pub timeout: u64,
    /// How often each plugin is tried again.
    pub retries: u32,
    /// Which plugins, in their order.
    pub plugins: Vec<String>,
    /// Whether logs and times are shown.
    pub debug: bool,
    /// Addition: true when the request named no plugins. Then one that does not take the input is
    /// skipped; one that is named fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_unfit: bool,
}

/// `200` of `POST /playground/jobs`, `POST …/{id}/start`, `GET …/{id}` and of our additions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginJob)]
pub struct Job {
    /// The job's id.
    pub id: String,
    /// What it was asked to do.
    pub config: Config,
    /// How far it is.
    pub progress: JobProgress,
    /// What it left; there once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<JobResult>,
    /// Always 0.
    pub priority: i64,
    /// How many tries of plugins failed so far.
    pub retries: u64,
    /// How often each plugin is tried again.
    pub max_retries: u32,
    /// When it was created.
    pub created_at: TimestampMs,
    /// When something last happened to it.
    pub updated_at: TimestampMs,
}

/// `200` of `GET /playground/jobs/{id}/progress`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginJobProgress)]
pub struct JobProgress {
    /// `queued`, `running`, `completed` or `failed`.
    pub status: String,
    /// When it first started; when it was created, until it does.
    pub start_time: TimestampMs,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<TimestampMs>,
    /// Why it failed; it names the plugins that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The plugin that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_plugin: Option<String>,
    /// Plugins that completed, in the order of their ends.
    pub completed_plugins: Vec<String>,
    /// Addition: true when it was cancelled, which the contract has no status for: it is `failed`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

/// What a job left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginJobResult)]
pub struct JobResult {
    /// `{"<plugin>": metric}` of each plugin that completed, in the order of their ends.
    #[schema(value_type = Vec<Object>)]
    pub metrics: Vec<BTreeMap<String, JsonText>>,
    /// `{"<plugin>": summary}`, of plugins that summarise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub summary: BTreeMap<String, JsonText>,
    /// Addition: the plugins that failed for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PluginError>,
    /// Addition: the plugins that were not called, as they do not take the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<PluginError>,
    /// Addition, with `debug`: times and logs of each plugin that was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<Vec<PluginRecord>>,
}

/// Why a plugin failed, or was not called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginError {
    /// Which.
    pub plugin: String,
    /// Why.
    pub message: String,
}

/// What `debug` shows of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginRecord {
    /// Which.
    pub plugin: String,
    /// How long its last try took, in milliseconds.
    pub took_ms: u64,
    /// How many of its tries failed.
    pub failed_tries: u32,
    /// What it logged.
    pub logs: Vec<LogLine>,
}

/// One item of `GET /playground/jobs`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginJobSummary)]
pub struct JobSummary {
    /// The job's id.
    pub id: String,
    /// `queued`, `running`, `completed` or `failed`.
    pub status: String,
    /// True when it was cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// Its plugins, by name.
    pub plugins: Vec<String>,
    /// When it was created.
    pub created_at: TimestampMs,
    /// When its newest attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<TimestampMs>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<TimestampMs>,
}
