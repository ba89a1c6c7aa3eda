//! One call that renews all leases and waits for signals.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST /api/v1/executors/{executor_id}/leases`: renews every lease in the list, then waits
/// until one of them has news, at most `wait_seconds`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Renew {
    /// The leases that it holds.
    pub leases: Vec<HeldLease>,
    /// How long the server may wait for news (0 to 60, default 0: answer at once). Leases are
    /// renewed when the call arrives, while it waits, and when it is answered.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 60)]
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
