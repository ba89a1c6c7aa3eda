//! What an executor sees of playgrounds between operations, and which ones there are.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Body of `POST /api/executors/{executor}/playgrounds`: what it sees of playgrounds of its playrooms. Sent at
/// its start, when Docker's events say that something changed, and once a minute. What it could not look at,
/// it leaves out: a playground that is not in the report stays as it was. An empty report only asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ReportPlaygrounds {
    /// At most 1,000.
    #[serde(default)]
    pub playgrounds: Vec<ObservedPlayground>,
}

/// A playground as an executor sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObservedPlayground {
    /// Its id.
    pub id: i64,
    /// The operation that the executor performed or saw last, as [`PlacedPlayground::last_operation`] said: a
    /// report from before a newer operation is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_operation: Option<String>,
    /// Every service that has a container, or should have one.
    pub services: Vec<ServiceState>,
}

/// A service as an executor sees it: of several containers, the one that is best.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceState {
    /// Its name.
    pub name: String,
    /// Docker's word: `created`, `running`, `paused`, `restarting`, `exited` or `dead`; `stopped` when it has
    /// no container, `asleep` when its container is stopped until the next request.
    pub status: String,
    /// `starting`, `healthy` or `unhealthy`; `null` when it has no health check.
    #[serde(default)]
    pub health: Option<String>,
    /// Whether it runs.
    pub running: bool,
    /// Its exit code, once it exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// The id of its image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// `200` of `POST /api/executors/{executor}/playgrounds`: every playground of the executor's playrooms. What
/// bears the owner mark of one of these playrooms and belongs to none of them is an orphan.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlacedPlaygrounds {
    /// By id.
    pub playgrounds: Vec<PlacedPlayground>,
    /// The owner mark of each playroom that the executor registered, by its name.
    pub owners: std::collections::BTreeMap<String, String>,
}

/// A playground of an executor's playroom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlacedPlayground {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its Compose project.
    pub project: String,
    /// Its playroom.
    pub playroom: String,
    /// Its status, in the contract's words.
    pub status: String,
    /// Whether it is in job mode, and which services are watched.
    pub job_mode: bool,
    /// As in the operations' input.
    #[serde(default)]
    pub watched_services: Vec<String>,
    /// The operation that was started last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_operation: Option<String>,
    /// Whether that operation has not ended.
    pub changing: bool,
    /// What the last operation that applied something reported as `routes`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub routes: Value,
}
