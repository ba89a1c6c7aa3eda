//! The global event stream (`GET /api/events`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One fact of the event log: the `data` of one SSE message, whose `id` is `seq` and whose `event`
/// is `type`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Position in the log. Rises by one from event to event; nothing is left out until retention
    /// removes the oldest.
    pub seq: i64,
    /// When it happened, ISO 8601 with milliseconds.
    pub at: String,
    /// Such as `job.completed`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Kind of the run: `job`. Of an event without one, what it is about: `hook`.
    pub kind: String,
    /// The run; left out when the event is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// What belongs to the type.
    pub data: serde_json::Value,
}

/// The name that an event of the log has in the plugin job contract; `None` for one that the
/// contract does not know. Each face that speaks that contract takes its names from here.
#[must_use]
pub fn plugin_job_name(event_type: &str) -> Option<&'static str> {
    Some(match event_type {
        "plugin_job.started" => "jobStart",
        "plugin_job.completed" => "jobComplete",
        "plugin_job.failed" => "jobError",
        "plugin_job.plugin_started" => "pluginStart",
        "plugin_job.plugin_completed" => "pluginComplete",
        "plugin_job.plugin_failed" => "pluginError",
        _ => return None,
    })
}
