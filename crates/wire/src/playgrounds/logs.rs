//! What services print.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `GET /api/playgrounds/{id}/logs/{service}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServiceLogsQuery {
    /// How many lines, 1 to 1,000 [default: 100].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000)]
    pub tail: Option<i64>,
    /// `1` follows what is printed, as server-sent events; so does `Accept: text/event-stream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow: Option<String>,
    /// Only lines since this time, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// `200` of `GET /api/playgrounds/{id}/logs/{service}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceLogs {
    /// The service.
    pub service: String,
    /// Its last lines, oldest first.
    pub lines: Vec<String>,
    /// `live`, from the containers, or `cached`, kept when they were stopped or removed.
    pub source: String,
}
