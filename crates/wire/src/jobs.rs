//! The contract of the binary job queue (`/api/v1`), with our optional additions.
//!
//! A field that the contract documents is always present in an answer (`null` when it has no
//! value). An addition is left out when it has no value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// Body of `POST /api/v1/jobs`, and one item of `POST /api/v1/jobs/bulk`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NewJob {
    /// Job type: not empty, no white space.
    #[serde(rename = "type")]
    pub job_type: String,
    /// Where executors fetch the program: an `http` or `https` URL.
    pub binary_url: String,
    /// SHA-256 of the program, 64 hexadecimal digits.
    pub binary_sha256: String,
    /// Arguments, given to the program as they are: no shell is involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<String>>,
    /// The program's whole environment. Names are not empty and have no `=` and no NUL.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub env_variables: Option<BTreeMap<String, String>>,
    /// `foreground`, `background` or `best_effort`.
    pub priority: String,
    /// Addition: the program is killed after so many seconds and the job fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Addition: lost and failed attempts together never exceed this (default 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Addition: when given, a failure that an executor reports is tried again after a wait.
    #[serde(
        default,
        deserialize_with = "crate::shape::object",
        skip_serializing_if = "Option::is_none"
    )]
    pub retry: Option<RetryPolicy>,
    /// Addition: the job does not start before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Addition: the submitter's own names for the job.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub labels: Option<BTreeMap<String, String>>,
}

/// Wait between attempts: `initial_seconds * factor^(n-1)`, at most `max_seconds`, and of that a
/// random part of up to `jitter` is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RetryPolicy {
    /// The first wait, in seconds.
    pub initial_seconds: f64,
    /// What each further wait is multiplied with.
    pub factor: f64,
    /// The longest wait, in seconds.
    pub max_seconds: f64,
    /// The part of the wait that is drawn at random, from 0 to 1.
    pub jitter: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            initial_seconds: 1.0,
            factor: 2.0,
            max_seconds: 300.0,
            jitter: 0.2,
        }
    }
}

/// `201` of `POST /api/v1/jobs`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmittedJob {
    /// The job's id, a UUID.
    pub id: String,
    /// Job type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// Always `pending`.
    pub status: String,
    /// When the server accepted it.
    pub created_at: Timestamp,
}

/// One item of the answer of `POST /api/v1/jobs/bulk`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BulkSubmittedJob {
    /// The job's id.
    pub id: String,
    /// Always `pending`.
    pub status: String,
}

/// One row of `GET /api/v1/jobs`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobSummary {
    /// The job's id.
    pub id: String,
    /// Job type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Priority.
    pub priority: String,
    /// Who runs it or ran it last.
    pub executor_id: Option<String>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When its newest attempt started.
    pub started_at: Option<Timestamp>,
    /// Addition: when it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// `200` of `GET /api/v1/jobs/{id}` and of a claim.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// The job's id.
    pub id: String,
    /// Job type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// Where the program is.
    pub binary_url: String,
    /// Its SHA-256, lower case.
    pub binary_sha256: String,
    /// Arguments.
    pub arguments: Vec<String>,
    /// Environment.
    pub env_variables: BTreeMap<String, String>,
    /// Priority.
    pub priority: String,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Who runs it or ran it last.
    pub executor_id: Option<String>,
    /// Standard output of the last finished attempt, at most 1 MiB; empty before.
    pub stdout: String,
    /// Standard error of the last finished attempt, at most 1 MiB; empty before.
    pub stderr: String,
    /// Exit code of the last finished attempt; 128 + n after signal n.
    pub exit_code: Option<i64>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When its newest attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Every start of the job, oldest first.
    pub attempts: Vec<Attempt>,
    /// Addition: why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Addition: the limit on one attempt's run time, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Addition: the cap on lost and failed attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Addition: the retry policy, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Addition: not to be started before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Addition: the submitter's labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Addition: true when the running job was asked to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested: Option<bool>,
    /// Addition, in a claim's answer only: the token that extends and finishes this lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_token: Option<i64>,
    /// Addition, in a claim's answer only: the lease ends so many seconds after its last extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<f64>,
}

/// One start of a job.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Who ran it.
    pub executor_id: String,
    /// The address that the executor gave.
    pub executor_ip: String,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `running`, `completed`, `failed`, `timeout`, `cancelled`, `lost` or `released`.
    pub status: String,
    /// Addition: why it did not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// Body of `POST /api/v1/jobs/claim`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// The executor's name for itself.
    pub executor_id: String,
    /// The address that it gives; not checked.
    #[serde(default)]
    pub executor_ip: String,
    /// Addition: wait so long for a job to come, at most 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<f64>,
    /// Addition: take up to so many jobs (1 to 1,000). When it is given the answer is an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Body of `PUT /api/v1/jobs/{id}/heartbeat` and `POST /api/v1/jobs/{id}/release`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// Who holds the lease.
    pub executor_id: String,
    /// Addition: the lease's token. With it the token decides; without it `executor_id` must hold
    /// the current lease.
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
    pub executor_id: String,
    /// Standard output; the server keeps head and tail of at most 1 MiB.
    #[serde(default)]
    pub stdout: String,
    /// Standard error; the server keeps head and tail of at most 1 MiB.
    #[serde(default)]
    pub stderr: String,
    /// Exit code.
    #[serde(default)]
    pub exit_code: Option<i64>,
    /// Why it failed (`fail` only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

/// Which stream of a program an output chunk belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// `stdout` or `stderr`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// `200` of `GET /api/v1/health`, and with other words its `500`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `healthy` or `unhealthy`.
    pub status: String,
    /// `connected` or `disconnected`.
    pub database: String,
}

/// Body of `POST /api/v1/jobs/bulk/cancel`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct BulkCancel {
    /// The jobs to cancel.
    pub job_ids: Vec<String>,
}

/// `200` of `POST /api/v1/jobs/bulk/cancel`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct BulkCancelled {
    /// How many were cancelled.
    pub cancelled: u64,
    /// How many were not.
    pub failed: u64,
    /// Why not, one for each that failed.
    pub errors: Vec<BulkCancelError>,
}

/// Why one job of a bulk cancel was not cancelled.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BulkCancelError {
    /// The id as it was given.
    pub job_id: String,
    /// Why.
    pub error: String,
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
    /// Addition: what it registered (slots, kinds, isolation), if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<crate::executors::Registration>,
}

/// `201` of `POST /api/v1/binaries`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UploadedBinary {
    /// Where executors fetch it.
    pub binary_url: String,
    /// SHA-256 of what was received.
    pub binary_sha256: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// Every error body of `/api/v1`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, for people.
    pub error: String,
    /// What it is about: `field`, `job_id`, `index` and the like.
    pub context: serde_json::Map<String, serde_json::Value>,
}

/// `data` of one SSE message of `GET /api/v1/jobs/{id}/logs?follow=1`; its `id` rises within the
/// job and its event is `chunk`. The last message has the event `end` and a [`LogEnd`].
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogText {
    /// Which stream it belongs to.
    pub stream: Stream,
    /// Which start of the job printed it, from 1.
    pub attempt: u32,
    /// Position of its first byte in that attempt's stream.
    pub offset: u64,
    /// The text; bytes that are not UTF-8 appear as U+FFFD.
    pub text: String,
}

/// `data` of the last SSE message of a followed log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogEnd {
    /// The job's final status.
    pub status: String,
}
