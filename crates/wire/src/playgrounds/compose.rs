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
