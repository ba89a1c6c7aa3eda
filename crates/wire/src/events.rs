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
