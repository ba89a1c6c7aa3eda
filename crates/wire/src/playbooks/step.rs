//! A step of an execution, as a part of its run.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::executors::Stage;

/// Body of a part of an execution. The part's name is the id of the step, its path the steps that it is
/// nested in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StepBody {
    /// What the step is called.
    #[serde(default)]
    pub name: String,
    /// What it does, such as `http.request`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// What it left for later steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<Value>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The variables that it set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub set: Map<String, Value>,
    /// What else the next attempt needs, which only the executor reads.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The contract's word for where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// It did not begin.
    Pending,
    /// It runs.
    Running,
    /// It is done.
    Completed,
    /// It failed.
    Failed,
    /// It was left out.
    Skipped,
    /// Addition: it was stopped because its execution was cancelled.
    Cancelled,
}

impl From<Stage> for StepStatus {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Started => Self::Running,
            Stage::Completed => Self::Completed,
            Stage::Failed => Self::Failed,
            Stage::Skipped => Self::Skipped,
            Stage::Cancelled => Self::Cancelled,
            // It runs again when the execution goes on.
            Stage::Interrupted => Self::Pending,
        }
    }
}
