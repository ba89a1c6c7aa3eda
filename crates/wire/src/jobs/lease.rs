//! What an executor says of a job that it holds or wants.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::shape::{null_is_empty, optional_printed, printed};

/// Body of `POST /api/v1/jobs/claim`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// The executor's name for itself.
    #[schema(min_length = 1, max_length = 255)]
    pub executor_id: String,
    /// The address that it gives; not checked.
    #[serde(default, deserialize_with = "null_is_empty")]
    #[schema(value_type = Option<String>)]
    pub executor_ip: String,
    /// Addition: wait so long for a job to come, at most 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 60)]
    pub wait_seconds: Option<f64>,
    /// Addition: take up to so many jobs (1 to 1,000). When it is given the answer is an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub max: Option<u32>,
}

/// Body of `PUT /api/v1/jobs/{id}/heartbeat`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// Who holds the lease.
    #[schema(min_length = 1, max_length = 255)]
    pub executor_id: String,
    /// Addition: the lease's token. Both must be the lease's; without it `executor_id` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_token: Option<i64>,
}

/// `200` of a heartbeat.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Beat {
    /// True when the job is to be stopped.
    #[serde(default)]
    pub cancel_requested: bool,
}

/// Body of `PUT /api/v1/jobs/{id}/complete` and `/fail`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Finish {
    /// Who holds the lease.
    #[schema(min_length = 1, max_length = 255)]
    pub executor_id: String,
    /// Standard output; the server keeps head and tail of at most 1 MiB.
    #[serde(default, deserialize_with = "printed")]
    #[schema(value_type = Option<String>)]
    pub stdout: String,
    /// Standard error; the server keeps head and tail of at most 1 MiB.
    #[serde(default, deserialize_with = "printed")]
    #[schema(value_type = Option<String>)]
    pub stderr: String,
    /// Exit code.
    #[serde(default)]
    pub exit_code: Option<i64>,
    /// Why it failed (`fail` only).
    #[serde(
        default,
        deserialize_with = "optional_printed",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_message: Option<String>,
    /// Addition: the lease's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_token: Option<i64>,
    /// Addition (`fail` only): the executor killed it because its time was up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timed_out: bool,
}

/// `200` of `PUT /api/v1/jobs/{id}/complete` and `/fail`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ended {
    /// The job's id.
    pub id: String,
    /// Its status now: `pending` when another attempt follows.
    pub status: String,
}
