//! What our executors say beyond the bare contract: who they are, one call that renews all leases
//! and waits for signals, results in batches. Every route stands under `/api/v1`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::jobs::Finish;

/// Body of `PUT /api/v1/executors/{executor_id}`: what this executor can do. Sent at its start and
/// after the server has forgotten it (a lost database).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registration {
    /// How many runs it performs at once.
    pub slots: u32,
    /// Version of the program.
    pub version: String,
    /// `none`, `standard` or `strict`.
    pub isolation: String,
    /// Which parts of the isolation could not be applied on its machine, and why.
    #[serde(default)]
    pub isolation_missing: Vec<String>,
    /// The address that it gives.
    #[serde(default)]
    pub executor_ip: String,
}

/// Body of `POST /api/v1/executors/{executor_id}/leases`: renews every lease in the list, then waits
/// until one of them has news, at most `wait_seconds`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Renew {
    /// The leases that it holds.
    pub leases: Vec<HeldLease>,
    /// How long the server may wait for news (0 to 60, default 0: answer at once). Leases are
    /// renewed when the call arrives, while it waits, and when it is answered.
    #[serde(default)]
    pub wait_seconds: f64,
}

/// A lease that an executor holds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldLease {
    /// The run.
    pub job_id: String,
    /// The token of the lease.
    pub lease_token: i64,
    /// True when the executor already knows that this run is to be stopped: no news then.
    #[serde(default)]
    pub cancel_seen: bool,
}

/// `200` of `POST /api/v1/executors/{executor_id}/leases`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Renewed {
    /// One for each lease that was asked for, in the same order.
    pub leases: Vec<LeaseNews>,
}

/// How one lease stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeaseNews {
    /// The run.
    pub job_id: String,
    /// True when the lease is gone: stop the work, report nothing.
    pub lost: bool,
    /// True when the work is to be stopped and then reported as failed.
    pub cancel_requested: bool,
}

/// Body of `POST /api/v1/executors/{executor_id}/results`: finishes up to 1,000 runs in one call.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Results {
    /// The results; `executor_id` of each is ignored, the path's counts.
    pub results: Vec<RunResult>,
}

/// The end of one attempt.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunResult {
    /// The run.
    pub job_id: String,
    /// True for `complete`, false for `fail`.
    pub completed: bool,
    /// The contract's finish body.
    pub finish: Finish,
}

/// `200` of `POST /api/v1/executors/{executor_id}/results`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ResultsAnswer {
    /// One for each result, in the same order.
    pub results: Vec<ResultAnswer>,
}

/// What became of one result.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResultAnswer {
    /// The run.
    pub job_id: String,
    /// True when it is on disk (also when this is a repetition).
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Query of `POST /api/v1/jobs/{id}/logs`, whose body is the raw bytes of one chunk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogChunk {
    /// `stdout` or `stderr`.
    pub stream: crate::jobs::Stream,
    /// Position of the chunk's first byte in this attempt's stream. A chunk that was stored before
    /// is answered `204` and not stored again.
    pub offset: u64,
    /// Who holds the lease.
    pub executor_id: String,
    /// The lease's token.
    pub lease_token: i64,
}

/// Query of `PUT /api/v1/jobs/{id}/frame`, whose body is a picture of what runs, as PNG, JPEG or
/// WebP, of at most 1 MiB. It is shown to whoever looks on and not kept; a newer one replaces it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FrameOf {
    /// Who holds the lease.
    pub executor_id: String,
    /// The lease's token.
    pub lease_token: i64,
}
