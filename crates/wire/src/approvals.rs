//! Approvals: what steps of executions ask people. `/api/approvals`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::TimestampMs;

/// What a step asks, and of whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalQuestion {
    /// The id of the step.
    pub step_id: String,
    /// What the step is called.
    pub step_name: String,
    /// The steps that it is nested in; empty at the top.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What is asked.
    pub prompt: String,
    /// A JSON Schema of what is to be filled in; without it, nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input: Option<Value>,
    /// Roles and names of keys that may answer; empty for all that may run playbooks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// How many must approve. One rejection is enough.
    pub count: u32,
    /// Whether the caller who started the execution may not answer.
    #[serde(default)]
    pub not_requester: bool,
    /// What happens when its time is over: `fail`, `approve` or `reject`.
    pub on_timeout: String,
}

/// An approval.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// The execution that asks.
    pub execution_id: String,
    /// What its playbook is called.
    pub playbook_name: String,
    /// What is asked, and of whom.
    #[serde(flatten)]
    pub question: ApprovalQuestion,
    /// Who started the execution, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// `open`, `approved`, `rejected`, `expired` (no answer came in time) or `withdrawn` (its step ended
    /// otherwise).
    pub status: String,
    /// When it was asked.
    pub asked_at: TimestampMs,
    /// When its time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<TimestampMs>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<TimestampMs>,
    /// What was answered, in order.
    pub answers: Vec<ApprovalAnswer>,
    /// Whether the caller may answer it now.
    pub may_answer: bool,
}

/// What one caller answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalAnswer {
    /// Who: the name of the key, or a word for a caller without one.
    pub by: String,
    /// Whether it was approved.
    pub approved: bool,
    /// What was filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input: Option<Value>,
    /// What the caller says besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When.
    pub at: TimestampMs,
}

/// Body of `POST /api/approvals/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AnswerApproval {
    /// Whether it is approved.
    pub approved: bool,
    /// What is filled in, as the approval's `input` describes it; only of one that is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input: Option<Value>,
    /// What else there is to say, at most 4,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// The query of `GET /api/approvals`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApprovalQuery {
    /// Only those of this execution.
    pub execution: Option<String>,
    /// Only those that the caller may answer.
    pub answerable: Option<bool>,
    /// Only approvals that are older than the one with this id: where the page before ended.
    pub cursor: Option<String>,
    /// At most so many (default 100, at most 1,000).
    pub limit: Option<i64>,
}

impl ApprovalQuery {
    /// The parameters by their names.
    #[must_use]
    pub fn parameters(&self) -> [(&'static str, Option<String>); 4] {
        [
            ("execution", self.execution.clone()),
            ("answerable", self.answerable.map(|only| only.to_string())),
            ("cursor", self.cursor.clone()),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ]
    }
}
