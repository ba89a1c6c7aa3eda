//! Health, counts, executors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// `200` of `GET /api/v1/health`, and with other words its `500`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `healthy` or `unhealthy`.
    pub status: String,
    /// `connected` or `disconnected`.
    pub database: String,
}

/// `200` of `GET /api/v1/admin/stats`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// `pending`, `running`, `completed`, `failed`, `cancelled`: always all five.
    pub jobs_by_status: BTreeMap<String, i64>,
    /// `foreground`, `background`, `best_effort`: always all three.
    pub pending_by_priority: BTreeMap<String, i64>,
    /// Executors heard of within the last two leases.
    pub active_executors: i64,
}

/// One row of `GET /api/v1/admin/executors`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExecutorInfo {
    /// The executor's name for itself.
    pub executor_id: String,
    /// The job that it runs (the oldest when it runs several), `null` when it is idle.
    pub current_job_id: Option<String>,
    /// That job's type.
    pub job_type: Option<String>,
    /// When the server last heard of it.
    pub last_heartbeat: Timestamp,
    /// How many jobs it completed.
    pub jobs_completed: i64,
    /// Addition: every job that it runs.
    pub current_job_ids: Vec<String>,
    /// Addition: the address that it gave.
    pub executor_ip: String,
    /// Addition: what it registered (slots, version, isolation), if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<crate::executors::Registration>,
}
