//! One call that renews all leases and waits for signals and questions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AskedQuestion, Signals};

/// Body of `POST /api/executors/{executor}/leases`: renews every lease in the list, then waits until the
/// executor has to know something of one of them, at most `wait_seconds`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Renew {
    /// The leases that it owns.
    pub leases: Vec<HeldLease>,
    /// How long the server may wait (0 to 60, default 0: answer at once). Leases are renewed when the call
    /// arrives, while it waits, and when it is answered.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 60)]
    pub wait_seconds: f64,
    /// The questions that the executor has heard and not begun to answer at the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answering: Vec<String>,
}

/// A lease that an executor owns.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldLease {
    /// The run.
    pub run_id: String,
    /// The token of the lease.
    pub token: i64,
    /// The newest generation of signals that the executor has seen: the call waits until there is a newer one.
    #[serde(default)]
    pub seen: i64,
}

/// `200` of `POST /api/executors/{executor}/leases`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Renewed {
    /// One for each lease of the request, in the same order.
    pub leases: Vec<LeaseNews>,
    /// Questions to the executor that it does not answer yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<AskedQuestion>,
}

/// How one lease stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LeaseNews {
    /// The run.
    pub run_id: String,
    /// True when the lease has ended: stop the work, report nothing.
    #[serde(default)]
    pub lost: bool,
    /// What operators ask of the run, when that is newer than what the executor has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals: Option<Signals>,
}
