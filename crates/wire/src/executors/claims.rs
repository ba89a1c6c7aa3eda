//! Claims of every kind.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Progress;
use crate::jobs::Job;

/// Body of `POST /api/v1/executors/{executor_id}/claims`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ClaimRuns {
    /// The address that it gives; not checked.
    #[serde(default)]
    pub executor_ip: String,
    /// Which kinds of runs it wants: `job`, `plugin_job`. Of plugin jobs it is given those whose
    /// plugins it has registered.
    pub kinds: Vec<String>,
    /// Wait so long for a run to come, at most 60 seconds (default 0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<f64>,
    /// Take up to so many runs, 1 to 1,000 (default 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// `200` of `POST /api/v1/executors/{executor_id}/claims`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ClaimedRuns {
    /// The runs, each with its lease; none when none came in time.
    pub runs: Vec<ClaimedRun>,
    /// How long the claim had waited at the server when the leases began: so the caller knows how much
    /// is left of them, whatever the answer's way takes.
    #[serde(default)]
    pub waited_seconds: f64,
}

/// A run with its lease.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClaimedRun {
    /// A plain binary.
    Job {
        /// As the contract's claim gives it, with `lease_token` and `lease_seconds`.
        job: Box<Job>,
    },
    /// Plugins over an input.
    PluginJob {
        /// What is to be done.
        plugin_job: Box<LeasedPluginJob>,
    },
}

/// A plugin job with its lease.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeasedPluginJob {
    /// The job's id.
    pub id: String,
    /// The token that extends and finishes this lease.
    pub lease_token: i64,
    /// The lease ends so many seconds after its last extension.
    pub lease_seconds: f64,
    /// Which start of the job this is, from 1.
    pub attempt: i64,
    /// Which plugins, in their order.
    pub plugins: Vec<String>,
    /// What they run over.
    #[schema(value_type = Object)]
    pub input: serde_json::Value,
    /// How often each plugin is tried again after a failure.
    pub retries: u32,
    /// Whether logs are to be kept in the progress.
    pub debug: bool,
    /// Whether a plugin that does not take the input is skipped; otherwise it fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_unfit: bool,
    /// How much of the job's time is left, in milliseconds. When it is over, the attempt is to be
    /// reported as failed and `timed_out`.
    pub remaining_ms: u64,
    /// What attempts before this one left: go on after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}
