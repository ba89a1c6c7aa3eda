//! Operations on a playground, and what they applied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Timestamp, executors::operations::OperationFailure};

/// An operation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OperationView {
    /// The run: `GET /api/runs/{id}` shows it.
    pub id: String,
    /// `create`, `rollout`, `hard_restart`, `stop`, `start`, `rollback`, `complete` or `destroy`.
    pub action: String,
    /// `queued`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Why it failed.
    pub error_message: Option<String>,
    /// The phase that began last.
    pub step: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When an executor began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// A phase of an operation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PhaseView {
    /// Its key.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// `running`, `completed`, `error` or `skipped`.
    pub status: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub error_message: Option<String>,
}

/// An applied state.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RevisionView {
    /// Its number, from 1.
    pub revision: i64,
    /// The operation that applied it.
    pub operation_id: String,
    /// What that did.
    pub action: String,
    /// Whether it is the one that was applied last.
    pub current: bool,
    /// When.
    pub applied_at: Timestamp,
    /// The image of each service, by its id.
    pub images: BTreeMap<String, String>,
    /// The commit of each service that comes from a repository.
    pub commits: BTreeMap<String, String>,
    /// What it changed, against the revision before; left out of the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<RevisionDiff>,
}

/// How two revisions differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevisionDiff {
    /// Services that are new.
    pub added: Vec<String>,
    /// Services that are gone.
    pub removed: Vec<String>,
    /// Services with another image.
    pub images: Vec<String>,
    /// Services with another commit.
    pub commits: Vec<String>,
    /// Names whose values in the environment differ.
    pub environment: Vec<String>,
    /// Lines of the Compose document that differ: `-` before an old one, `+` before a new one. Values that look
    /// secret are masked.
    pub compose: Vec<String>,
}

/// `200` of a rollout or restart with `dry_run=1`: what it would do.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlannedRollout {
    /// The playground.
    pub id: i64,
    /// The operation that planned it.
    pub operation_id: String,
    /// What would be done with each service, and why.
    #[schema(value_type = Object)]
    pub plan: Value,
    /// Why it would fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_details: Option<OperationFailure>,
}

/// `200` of `GET /api/playgrounds/{id}/job_result`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaygroundResult {
    /// The playground.
    pub id: i64,
    /// Whether there is a watched service, and all exited with 0.
    pub success: bool,
    /// The exit code of the first watched service that failed; 0 when none did.
    pub exit_code: Option<i64>,
    /// When it completed.
    pub completed_at: Option<Timestamp>,
    /// The exit code of each watched service.
    pub service_results: BTreeMap<String, Option<i64>>,
    /// The last lines of each watched service.
    pub tail_logs: BTreeMap<String, Vec<String>>,
}
