//! Events of one job in the contract's words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Job;
use crate::{JsonText, TimestampMs, executors::LogLine};

/// `data` of one message of `GET /playground/jobs/{id}/events`, whose `event` is the same word and
/// whose `id` rises, and the body of a delivery to a job's own webhook.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginJobEvent)]
pub struct JobEvent {
    /// `jobStart`, `pluginStart`, `pluginComplete`, `pluginError`, `jobComplete` or `jobError`; as an
    /// addition `pluginSkip`.
    pub event: String,
    /// What belongs to it.
    pub data: JobEventData,
    /// When it happened.
    pub timestamp: TimestampMs,
}

/// What belongs to an event.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PluginJobEventData)]
pub struct JobEventData {
    /// The job.
    pub job_id: String,
    /// The plugin, of an event about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_name: Option<String>,
    /// The plugin's metric: `pluginComplete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metrics: Option<JsonText>,
    /// Why: `pluginError` and `jobError`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<EventError>,
    /// Addition, why it was not called: `pluginSkip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Addition, with `debug`, when a plugin ended: how long its last try took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// Addition, with `debug`, when a plugin ended: what it logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<LogLine>>,
    /// The job as it was then; left out when it was deleted meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
}

/// Why something failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginJobEventError)]
pub struct EventError {
    /// For people.
    pub message: String,
}
