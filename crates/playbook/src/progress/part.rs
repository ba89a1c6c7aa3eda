//! The journal of an execution: one part for each step that began. There is no other state.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which step of an execution, among all that are repeated and nested.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// The path of what it is inside of, such as `deploy/3`; empty at the top.
    pub path: String,
    /// Its id; of one pass of a loop, the number of the item, from 0.
    pub name: String,
}

impl StepKey {
    /// The path of what is inside of it.
    pub(super) fn inside(&self) -> String {
        if self.path.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.path, self.name)
        }
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inside())
    }
}

/// Where a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartStage {
    /// It began.
    Started,
    /// It is done.
    Completed,
    /// It failed for good, after its retries.
    Failed,
    /// It was left out.
    Skipped,
    /// It was stopped because its execution was cancelled, or what it is inside of ended.
    Cancelled,
    /// Its attempt ended before it did.
    Interrupted,
}

impl PartStage {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Started,
        Self::Completed,
        Self::Failed,
        Self::Skipped,
        Self::Cancelled,
        Self::Interrupted,
    ];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether what it says of its step is final: what was stopped begins again in a later attempt.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Skipped)
    }
}

impl fmt::Display for PartStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of the journal, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalPart {
    /// Its number, from 1, in the order in which parts begin.
    pub number: i64,
    /// The step that it is of.
    pub key: StepKey,
    /// Where it stands.
    pub stage: PartStage,
    /// The try that runs or ran last, from 1; 0 when it was not tried.
    pub tries: u32,
    /// What [`Progress::restore`](super::Progress::restore) needs of it: `output`, `error`, `set` (variables),
    /// `reason` (of a skip), and the order of what happened.
    pub body: Value,
}

/// Parameters that an operator edited before the execution was tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct EditedParameters {
    /// They hold for parts with higher numbers.
    pub after: i64,
    /// All parameters, in the form of [`Playbook::resolve`](crate::Playbook::resolve).
    pub parameters: Map<String, Value>,
}

/// The body of a part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PartBody {
    /// When it began, as a count of all that happened.
    pub(super) began: u64,
    /// When each further try of a step with inner steps began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) retried: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) set: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

/// Why a journal or a step does not fit the playbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalProblem {
    /// What is wrong.
    pub message: String,
}

impl JournalProblem {
    pub(super) fn new(message: String) -> Self {
        Self { message }
    }
}

impl fmt::Display for JournalProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
