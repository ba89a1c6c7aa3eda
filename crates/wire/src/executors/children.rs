//! What steps of executions start, ask and compare, while an executor owns the lease.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::approvals::{ApprovalAnswer, ApprovalQuestion};

/// Who asks: the owner of the lease, for one try of a part. Asked again, also under a later lease, it is the
/// same approval and the same child.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartLease {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// The number of the part.
    pub part: i64,
    /// Which try of it, from 1.
    pub tries: u32,
}

/// Body of `POST /api/runs/{id}/approvals`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AskApproval {
    /// Who asks.
    #[serde(flatten)]
    pub lease: PartLease,
    /// What.
    pub question: ApprovalQuestion,
    /// How long it can be answered, in milliseconds from the first time that it is asked; without it, as long
    /// as the run lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
}

/// `200` of `POST /api/runs/{id}/approvals`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AskedApproval {
    /// The approval's id.
    pub id: String,
    /// `open`, `approved`, `rejected`, `expired` or `withdrawn`.
    pub status: String,
    /// How long it can still be answered, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    /// What was answered, in order.
    pub answers: Vec<ApprovalAnswer>,
    /// When it ended, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<crate::TimestampMs>,
}

/// Body of `POST /api/runs/{id}/children`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmitChild {
    /// Who asks.
    #[serde(flatten)]
    pub lease: PartLease,
    /// The path of the step, for people.
    pub step: String,
    /// `job` or `plugin_job`.
    pub kind: String,
    /// What it is to do, as its contract submits it.
    #[schema(value_type = Object)]
    pub submission: Value,
    /// Of a job: the playground, by id or name, whose services its program is to reach by their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playground: Option<String>,
    /// Of a job: files of its directory by their content; they are uploaded first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contents: BTreeMap<String, String>,
    /// Of a job: what its stored input does not have, because it is secret.
    #[serde(default, skip_serializing_if = "JobSecrets::is_empty")]
    pub secrets: JobSecrets,
}

/// What is secret in a job. It is sealed beside its input, and whoever claims the job gets it in its place.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobSecrets {
    /// Variables of its environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env_variables: BTreeMap<String, String>,
    /// Arguments by their places, from 0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub arguments: BTreeMap<usize, String>,
    /// Headers for the download of its program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub binary_headers: BTreeMap<String, String>,
}

impl JobSecrets {
    /// Whether nothing is secret.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values().next().is_none()
    }

    /// All of them.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let words = self.env_variables.values().chain(self.arguments.values());
        words
            .chain(self.binary_headers.values())
            .map(String::as_str)
    }
}

impl fmt::Debug for JobSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JobSecrets(..)")
    }
}

/// `200` of `POST /api/runs/{id}/children`: the child as it is now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChildRun {
    /// Its id.
    pub id: String,
    /// Whether it was submitted by this request.
    pub submitted: bool,
    /// `held`, `scheduled`, `queued`, `running`, `waiting`, `completed`, `failed` or `cancelled`; `deleted` when
    /// it does not exist any more.
    pub status: String,
    /// How long ago it was submitted, in milliseconds.
    pub age_ms: u64,
    /// What it left, in the form of its kind; there when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<Value>,
}

impl ChildRun {
    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.outcome.is_some()
    }
}

/// The outcome of a job that a step started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobOutcome {
    /// Its exit code, if its program ran to its end.
    pub exit_code: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What it printed, as far as that is kept.
    pub stdout: String,
    /// What it printed to its standard error.
    pub stderr: String,
    /// The artefacts that it left.
    pub outputs: Vec<JobOutput>,
}

/// An artefact of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutput {
    /// Its name.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
    /// How many bytes it has.
    pub size: i64,
}

/// The outcome of a plugin job that a step started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PluginJobOutcome {
    /// Why it failed.
    pub error: Option<String>,
    /// The metric of each plugin that completed.
    pub metrics: serde_json::Map<String, Value>,
    /// The summary of each plugin that summarises.
    pub summary: serde_json::Map<String, Value>,
    /// What the last plugin left for a next one.
    pub output: Option<Value>,
}

/// Body of `POST /api/runs/{id}/gates`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CompareGate {
    /// Who asks.
    #[serde(flatten)]
    pub lease: PartLease,
    /// The path of the step.
    pub step: String,
}

/// `200` of `POST /api/runs/{id}/gates`: the same gate in the last good execution of the same playbook.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ComparedGate {
    /// That execution, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// What the gate's step left there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<Value>,
}
