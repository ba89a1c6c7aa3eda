//! A playspec, and a playground of it, in one request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::IdOrName;

/// Body of `POST /api/launch`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Launch {
    /// The name of the playspec, and of the playground.
    pub name: Option<String>,
    /// The Compose file.
    pub compose_yaml: Option<String>,
    /// The playroom.
    #[serde(skip_serializing_if = "Option::is_none", alias = "marquee_id")]
    pub playroom_id: Option<IdOrName>,
    /// The values of the variables that the Compose file's template declares.
    #[serde(
        deserialize_with = "crate::shape::optional_environment",
        skip_serializing_if = "Option::is_none"
    )]
    pub variables: Option<BTreeMap<String, String>>,
    /// Whether a playground is made too (default no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_playground: Option<bool>,
    /// Whether its volumes outlive playgrounds (default no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persist_volumes: Option<bool>,
}

/// `201` of `POST /api/launch`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Launched {
    /// The playspec.
    pub playspecs_created: i64,
    /// The playground, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playground_id: Option<i64>,
    /// Always empty: repositories are named by their URLs.
    pub playzones_created: Vec<i64>,
}

/// Without the values of variables.
impl std::fmt::Debug for Launch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Launch")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
