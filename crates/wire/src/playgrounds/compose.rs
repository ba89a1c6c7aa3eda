//! The check of a Compose file.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `200` of `POST /api/playspecs/validate_compose`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedCompose {
    /// Whether there are no errors.
    pub valid: bool,
    /// Its services, in the order of the file.
    pub services: Vec<CheckedService>,
    /// What must be changed, each with its line where that is known.
    pub errors: Vec<String>,
    /// What may be meant otherwise.
    pub warnings: Vec<String>,
}

/// A service of a Compose file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedService {
    /// Its name.
    pub name: String,
    /// Its ports, as they stand there.
    pub ports: Vec<String>,
}

/// Body of `POST /api/playspecs/validate_compose`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ComposeText {
    /// The file.
    pub compose_yaml: String,
    /// For which playroom; default the one that a playground gets.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "marquee_id")]
    pub playroom_id: Option<super::IdOrName>,
}

/// `200` of `GET /api/playgrounds/{id}/compose`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct GeneratedCompose {
    /// The document that was generated last; `null` before the first. Values that look secret are masked unless
    /// the key has the scope `playgrounds:reveal`.
    pub compose_yaml: Option<String>,
    /// The Compose project.
    pub compose_project: String,
    /// The revision that it is; `null` when it does not run.
    pub revision: Option<i64>,
}
