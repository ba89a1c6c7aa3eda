//! Jobs as they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

use super::{JobFile, RetryPolicy};

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
    /// Addition: why no executor that the server knows can take it, while it waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement_error: Option<String>,
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
    /// Standard output of the newest attempt, at most 1 MiB; empty until its end was reported.
    pub stdout: String,
    /// Standard error of the newest attempt, at most 1 MiB; empty until its end was reported.
    pub stderr: String,
    /// Exit code of the newest attempt, once its end was reported; 128 + n after signal n.
    pub exit_code: Option<i64>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When its newest attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Every start of the job, oldest first.
    pub attempts: Vec<Attempt>,
    /// Addition: the files that are laid into its directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<BTreeMap<String, JobFile>>,
    /// Addition: what it is to reach of what its executor lets jobs reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// Addition: the headers for the download of its program; those that are secret are masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_headers: Option<BTreeMap<String, String>>,
    /// Addition: the name that its program is started by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_name: Option<String>,
    /// Addition: why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Addition: the limit on one attempt, from its claim to its end, in seconds.
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
    /// Addition: labels that its executor must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires: Option<BTreeMap<String, String>>,
    /// Addition: processor cores that it counts of what its executor offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Addition: memory in mebibytes that it counts of what its executor offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    /// Addition: why no executor that the server knows can take it, while it waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement_error: Option<String>,
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
