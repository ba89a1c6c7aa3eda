//! The merged environment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::executors::operations::EnvironmentValue;

/// `200` of `GET /api/playgrounds/{id}/env_metadata`. Values that look secret are masked unless the key has the
/// scope `playgrounds:reveal`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct EnvMetadataView {
    /// The values, by their names.
    pub merged: BTreeMap<String, String>,
    /// The same with their sources.
    pub metadata: BTreeMap<String, EnvironmentValue>,
    /// Names that nothing overrides.
    pub system_keys: Vec<String>,
    /// Names of generated secrets.
    pub generated_keys: Vec<String>,
}

/// Only its names.
impl std::fmt::Debug for EnvMetadataView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.merged.keys()).finish()
    }
}
