//! A claimed run: one shape for every kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{JsonText, jobs::JobFile, runs::RunPart};

/// A run with its lease.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClaimedRun {
    /// The run's id.
    pub id: String,
    /// Its kind, such as `job`: says what `input` is.
    pub kind: String,
    /// The contract's own name for what it is, such as a job's type.
    pub name: String,
    /// The token that extends and finishes this lease.
    pub token: i64,
    /// The lease ends so many seconds after its last extension.
    pub lease_seconds: f64,
    /// Which start of the run this is, from 1.
    pub attempt: i64,
    /// What the work is, in the kind's own form: of a job see `JobInput`, of a plugin job its config.
    #[schema(value_type = Object)]
    pub input: Box<RawValue>,
    /// How much time is left for the attempt, in milliseconds from its claim. When it is over, the attempt is
    /// to be reported as `timed_out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_ms: Option<u64>,
    /// The last parts that earlier attempts left, in order: the work goes on after the last of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<RunPart>,
    /// True when there are earlier parts than these: `GET /api/runs/{id}/parts` lists them to the executor.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_parts: bool,
    /// What earlier attempts left besides parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub state: Option<JsonText>,
    /// What operators ask of it.
    #[serde(default)]
    pub signals: Signals,
}

/// What operators ask of a run: each signal holds the generation at which it was sent, 0 when it is not open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signals {
    /// The newest generation; rises with each signal and each event that may wake the run.
    pub generation: i64,
    /// Park the run.
    pub pause: i64,
    /// Leave out the part that runs.
    pub skip: i64,
    /// Stop the work and report it as failed.
    pub cancel: i64,
}

/// What an executor needs of a job: the fields of its submission that say how the program is run.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JobInput {
    /// Where the program is.
    pub binary_url: String,
    /// Its SHA-256, lower case.
    pub binary_sha256: String,
    /// Headers for the download, for the server of `binary_url` alone. Those that are secret are opened here.
    #[serde(default)]
    pub binary_headers: BTreeMap<String, String>,
    /// What the program is called; without it, as the last part of its URL.
    #[serde(default)]
    pub program_name: Option<String>,
    /// Arguments.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Environment.
    #[serde(default)]
    pub env_variables: BTreeMap<String, String>,
    /// Files that are laid into its directory, by their names there.
    #[serde(default)]
    pub files: BTreeMap<String, JobFile>,
    /// What it is to reach of what the executor lets jobs reach, as `PATH` or `PATH:rw`; everything without it.
    #[serde(default)]
    pub allow: Option<Vec<String>>,
    /// What is secret of its environment and its arguments: nothing that it prints or leaves may have it.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The limit on one attempt, from its claim to its end, in seconds.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
    /// The playground whose services its program reaches by their names, if a step named one.
    #[serde(default)]
    pub playground: Option<PlaygroundOfJob>,
}

/// The playground in whose network a job runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaygroundOfJob {
    /// Its id.
    pub id: i64,
    /// The label `playhouse.owner` of what it made.
    pub owner: String,
    /// The name of its playroom, as the executor registered it.
    pub playroom: String,
    /// Where its services are reached through the router.
    #[serde(default)]
    pub urls: BTreeMap<String, String>,
}
