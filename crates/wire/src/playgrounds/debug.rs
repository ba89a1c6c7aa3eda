//! What helps to find out why a playground does not work.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{PlayspecService, ServiceSettings};
use crate::executors::operations::{BranchClone, BuildRecord, OperationFailure, ServiceState};

/// `200` of `GET /api/playgrounds/{id}/debug`. Values that look secret are masked unless the key has the scope
/// `playgrounds:reveal`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlaygroundDebug {
    /// Its id.
    pub id: i64,
    /// Its Compose project.
    pub compose_project: String,
    /// The document that was generated last.
    pub generated_compose_yaml: Option<String>,
    /// The playspec's file with what Playhouse adds.
    pub augmented_compose_template: Option<String>,
    /// What is set of each service.
    pub services_configuration: Vec<DebugService>,
    /// What is merged under the keys `build` of services.
    #[schema(value_type = Object)]
    pub build_overrides: Value,
    /// The builds of the last operation.
    pub build_records: Vec<BuildRecord>,
    /// The checkouts of the last operation.
    pub branch_clones: Vec<BranchClone>,
    /// Its status.
    pub status: String,
    /// Its services as they were seen last.
    pub services: Vec<ServiceState>,
    /// Why the last operation failed.
    pub failure: Option<OperationFailure>,
    /// What people should know although nothing failed.
    pub warnings: Vec<String>,
    /// The plan of the last operation.
    #[schema(value_type = Object)]
    pub plan: Value,
    /// The phases of the last operation.
    pub creation_steps: Vec<super::PhaseView>,
}

/// What is set of a service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DebugService {
    /// Its name.
    pub name: String,
    /// By the playspec.
    pub playspec: Option<PlayspecService>,
    /// By the playground, without its environment.
    pub playground: Option<ServiceSettings>,
}
