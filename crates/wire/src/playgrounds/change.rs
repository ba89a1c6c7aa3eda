//! What callers ask of playgrounds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{IdOrName, ServiceSettings};
use crate::Timestamp;

/// Body of `POST /api/playgrounds`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewPlaygroundBody {
    /// The playground.
    pub playground: NewPlayground,
}

/// A playground to be made.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewPlayground {
    /// Its name, at most 255 bytes; no other one has it.
    #[schema(required)]
    pub name: Option<String>,
    /// Its playspec.
    #[schema(required)]
    pub playspec_id: Option<IdOrName>,
    /// Its playroom; default the only one, or `local`.
    #[serde(skip_serializing_if = "Option::is_none", alias = "marquee_id")]
    pub playroom_id: Option<IdOrName>,
    /// Whether it runs until its watched services exit (default no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_mode: Option<bool>,
    /// Of job mode: the services that are waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watched_services: Option<Vec<String>>,
    /// The environment of all services.
    #[serde(
        deserialize_with = "crate::shape::optional_environment",
        skip_serializing_if = "Option::is_none"
    )]
    pub env_overrides: Option<BTreeMap<String, String>>,
    /// The values of the variables that the Compose file's template declares.
    #[serde(
        deserialize_with = "crate::shape::optional_environment",
        skip_serializing_if = "Option::is_none"
    )]
    pub variables: Option<BTreeMap<String, String>>,
    /// Subdomains of services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_subdomains: Option<BTreeMap<String, String>>,
    /// What is set of each service; `env_vars` of `_global` are of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<BTreeMap<String, ServiceSettings>>,
    /// Merged under the keys `build` of services, as YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_overrides_yaml: Option<String>,
    /// Only these services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_services: Option<Vec<String>>,
    /// Not these services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub except_services: Option<Vec<String>>,
    /// Seconds without a request, a socket or a download after which its containers are stopped until the next
    /// request; 0 for never, which is the default. One in job mode does not sleep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_after_seconds: Option<u32>,
    /// When its time is over.
    #[serde(flatten)]
    pub life: PlaygroundLife,
}

/// When the time of a playground is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlaygroundLife {
    /// ISO 8601 (default after eight hours, in job mode after one).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether it lives until it is destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never_expire: Option<bool>,
}

/// Body of `PATCH /api/playgrounds/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangePlayground {
    /// What is changed.
    pub playground: PlaygroundChange,
}

/// What of a playground is changed; what is left out stays. It is applied by the next rollout or restart.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlaygroundChange {
    /// Its name; the Compose project stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its playspec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playspec_id: Option<IdOrName>,
    /// Replaces the environment of all services.
    #[serde(
        deserialize_with = "crate::shape::optional_environment",
        skip_serializing_if = "Option::is_none"
    )]
    pub env_overrides: Option<BTreeMap<String, String>>,
    /// Replaces the values of the variables that the Compose file's template declares.
    #[serde(
        deserialize_with = "crate::shape::optional_environment",
        skip_serializing_if = "Option::is_none"
    )]
    pub variables: Option<BTreeMap<String, String>>,
    /// Replaces the subdomains of services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_subdomains: Option<BTreeMap<String, String>>,
    /// Replaces what is set of the services that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<BTreeMap<String, ServiceSettings>>,
    /// Replaces what is merged under `build`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_overrides_yaml: Option<String>,
    /// Replaces the seconds without a request after which it sleeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_after_seconds: Option<u32>,
    /// When its time is over.
    #[serde(flatten)]
    pub life: PlaygroundLife,
}

/// Body of rollouts, restarts, stops, starts and retries; it may be empty.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct OperatePlayground {
    /// Whether it is done whatever the status is, unless another operation has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// Body of `POST /api/playgrounds/{id}/rollback`; it may be empty.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RollBack {
    /// The revision; default the one before the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// As for other operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// Body of `POST /api/playgrounds/{id}/extend_expiration`; it may be empty.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ExtendExpiration {
    /// Hours to extend by, 1 to 8,760 [default: 8].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_hours: Option<i64>,
}

/// `200` of `POST /api/playgrounds/{id}/extend_expiration`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Extended {
    /// Its id.
    pub id: i64,
    /// When its time is over; `null` for one that never expires.
    pub expires_at: Option<Timestamp>,
    /// Seconds until then.
    pub time_remaining: Option<f64>,
}

/// Without its environment.
impl std::fmt::Debug for NewPlayground {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPlayground")
            .field("name", &self.name)
            .field("playspec_id", &self.playspec_id)
            .finish_non_exhaustive()
    }
}

/// Without its environment.
impl std::fmt::Debug for PlaygroundChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlaygroundChange")
            .field("name", &self.name)
            .field("playspec_id", &self.playspec_id)
            .finish_non_exhaustive()
    }
}
