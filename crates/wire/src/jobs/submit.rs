//! Jobs on their way in.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, hooks::JobHook};

/// Body of `POST /api/v1/jobs`, and one item of `POST /api/v1/jobs/bulk`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NewJob {
    /// Job type: not empty, no white space.
    #[serde(rename = "type")]
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\s\x00-\x1f\x7f]+$")]
    pub job_type: String,
    /// Where executors fetch the program: an `http` or `https` URL.
    #[schema(format = "uri", max_length = 8192)]
    pub binary_url: String,
    /// SHA-256 of the program, 64 hexadecimal digits.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    pub binary_sha256: String,
    /// Addition: headers that executors send when they fetch the program, such as `Authorization`, to the server of
    /// `binary_url` alone, and to none that it redirects to. A value may be an object with a `secret`.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique_of",
        skip_serializing_if = "Option::is_none"
    )]
    pub binary_headers: Option<BTreeMap<String, EnvVariable>>,
    /// Addition: the name that the program is started by, a file name; else the last part of `binary_url`. What some
    /// programs do depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub program_name: Option<String>,
    /// Arguments, given to the program as they are: no shell is involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<String>>,
    /// The program's whole environment. Names are not empty and have no `=` and no NUL. Addition: a value may be
    /// an object with a `secret`.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique_of",
        skip_serializing_if = "Option::is_none"
    )]
    pub env_variables: Option<BTreeMap<String, EnvVariable>>,
    /// Addition: files that are laid into the job's directory before it starts, by their names there:
    /// relative paths. Each is an `http` or `https` URL, also of an upload, or an object.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique_of",
        skip_serializing_if = "Option::is_none"
    )]
    pub files: Option<BTreeMap<String, JobFile>>,
    /// Addition: of the paths and devices that its executor lets jobs reach, those that this one is to reach, each as
    /// the executor names it: `PATH`, or `PATH:rw` to write there. Without it all of them; a job whose executor lets
    /// jobs reach less fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// `foreground`, `background` or `best_effort`.
    #[schema(pattern = "^(foreground|background|best_effort)$")]
    pub priority: String,
    /// Addition: an attempt is ended as failed so many seconds after its claim; fetching the program
    /// is a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 316_224_000)]
    pub timeout_seconds: Option<u64>,
    /// Addition: lost and failed attempts together never exceed this (default 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub max_attempts: Option<u32>,
    /// Addition: the same, counted without the first attempt, as clients of the original say it; in place of
    /// `max_attempts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 999)]
    pub max_retries: Option<u32>,
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
    /// Addition: labels that the executor must have, at most 16. Names and values are 1 to 64 letters, digits, `-`,
    /// `_`, `.` and `/`. Executors of Playhouse have `os`, `arch`, `host` and those that they are given.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub requires: Option<BTreeMap<String, String>>,
    /// Addition: processor cores that the job counts of what its executor offers, such as 1.5. It is not bounded to
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100_000)]
    pub cpus: Option<f64>,
    /// Addition: memory in mebibytes that the job counts of what its executor offers. It is not bounded to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_099_511_627_776_u64)]
    pub memory_mb: Option<u64>,
    /// Addition: the submitter's own names for the job.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub labels: Option<BTreeMap<String, String>>,
    /// Addition: where this job's events are sent: an URL, or an object. It is not shown again, and
    /// executors do not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<JobHook>,
}

/// Whether a program can be called so: a file name of 1 to 255 bytes, without control characters.
#[must_use]
pub fn is_program_name(name: &str) -> bool {
    let fits = (1..=255).contains(&name.len()) && !matches!(name, "." | "..");
    fits && !name.contains(|c: char| c == '/' || c.is_control())
}

/// The value of a variable or a header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "a value must be a text, or an object with a `secret`"
)]
pub enum EnvVariable {
    /// Shown to whoever may write jobs.
    Text(String),
    /// Shown to nobody but who claims the job; executors of Playhouse mask it in what the program prints.
    Secret(#[serde(deserialize_with = "crate::shape::whole")] SecretVariable),
}

/// A value that is sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretVariable {
    /// The value.
    pub secret: String,
}

impl EnvVariable {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Secret(SecretVariable { secret }) => secret,
        }
    }
}

impl From<String> for EnvVariable {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl fmt::Debug for EnvVariable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(formatter),
            Self::Secret(_) => formatter.write_str("secret"),
        }
    }
}

/// Where executors fetch a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "a file must be a URL or an object with a `url` and, if given, a `sha256`"
)]
pub enum JobFile {
    /// What the URL has at the time. Of an upload the hash is known.
    Url(String),
    /// With the hash that it must have.
    Full(#[serde(deserialize_with = "crate::shape::whole")] HashedJobFile),
}

/// A file of which the hash may be known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HashedJobFile {
    /// An `http` or `https` URL.
    #[schema(format = "uri", max_length = 8192)]
    pub url: String,
    /// SHA-256 of the file, 64 hexadecimal digits. Executors keep a file whose hash is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    pub sha256: Option<String>,
}

impl JobFile {
    /// The URL and the hash, if it is known.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        match self {
            Self::Url(url) => (url, None),
            Self::Full(file) => (&file.url, file.sha256.as_deref()),
        }
    }
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
        let backoff = engine::Backoff::default();
        let seconds = |ms: i64| Duration::from_millis(ms.unsigned_abs()).as_secs_f64();
        Self {
            initial_seconds: seconds(backoff.initial_ms),
            factor: backoff.factor,
            max_seconds: seconds(backoff.max_ms),
            jitter: backoff.jitter,
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
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\s\x00-\x1f\x7f]+$")]
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

/// `201` of `POST /api/v1/binaries`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UploadedBinary {
    /// Where executors fetch it.
    #[schema(format = "uri", max_length = 8192)]
    pub binary_url: String,
    /// SHA-256 of what was received.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    pub binary_sha256: String,
    /// Size in bytes.
    pub size_bytes: u64,
}
