//! Executions on their way in, and as they are shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{PlaybookStep, StepStatus};
use crate::{Timestamp, jobs::HashedJobFile};

/// Body of `POST /api/executions`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NewExecution {
    /// Which playbook of the library.
    pub playbook_path: String,
    /// Values of its parameters.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: Option<Map<String, Value>>,
    /// The gateway that `gateway.*` steps talk to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_url: Option<String>,
    /// A credential that fills in the gateway, the user name and the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// Pauses after each step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_mode: Option<bool>,
    /// Defaults of timeouts: `gateway_restart` and `module_install` in seconds, `browser_operation` in
    /// milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_overrides: Option<BTreeMap<String, f64>>,
    /// Addition: labels of the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// `200` of `POST /api/executions`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StartedExecution {
    /// The execution's id.
    pub execution_id: String,
    /// What its playbook is called.
    pub playbook_name: String,
    /// Always `started`.
    pub status: String,
    /// For people.
    pub message: String,
}

/// The input of a run of kind `execution`: everything that it was started with. The library may change
/// afterwards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExecutionInput {
    /// The path of the playbook that was started.
    pub playbook_path: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Its steps at the top level, for those who show the execution without reading the text.
    pub steps: Vec<PlaybookStep>,
    /// The text of that playbook and of every playbook that it reaches, by path.
    pub playbooks: BTreeMap<String, String>,
    /// The values of the parameters, in their declared types, with defaults filled in.
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    /// The values of secret parameters, sealed; `parameters` has markers in their places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_parameters: Option<String>,
    /// The credentials that it may open: those that its playbooks and parameters name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub credentials: BTreeSet<String>,
    /// See [`NewExecution`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_url: Option<String>,
    /// See [`NewExecution`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// See [`NewExecution`].
    #[serde(default)]
    pub debug_mode: bool,
    /// See [`NewExecution`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timeout_overrides: BTreeMap<String, f64>,
    /// Who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// The files of the library that steps name, by their paths there, as they were at the start.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, HashedJobFile>,
    /// Where it went on when it was retried or went back, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restarts: Vec<Restart>,
}

/// An execution went on at a step that it had performed before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Restart {
    /// The step at the top level that is performed again, with all after it; without one it goes on where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_step: Option<String>,
    /// The number of its newest part then. Once there is a newer one, the step has begun again.
    pub after: i64,
    /// The parameters until then, if they were edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub parameters_before: Option<Map<String, Value>>,
}

/// Body of `POST /api/executions/{id}/retry`, which may be empty.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct RetryExecution {
    /// A step at the top level that has begun; without one the step at which the execution ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_step: Option<String>,
    /// Values of parameters that replace those that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Map<String, Value>>,
}

/// Who started an execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requester {
    /// The id of the key, or a word for a caller without one.
    pub id: String,
    /// The name of the key; empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

impl Requester {
    /// As people know it.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.name.is_empty() {
            &self.id
        } else {
            &self.name
        }
    }
}

/// An execution. Lists and updates have only the newest of its steps.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    /// Its id.
    pub execution_id: String,
    /// What its playbook is called.
    pub playbook_name: String,
    /// Addition: the path of the playbook.
    pub playbook_path: String,
    /// `pending`, `running`, `paused`, `waiting`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Addition: what it waits for: `approval`, `time`, `child` or `children`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// Addition: when it ended; `null` before.
    pub completed_at: Option<Timestamp>,
    /// The number of steps at the top level that have ended: the index of the step that runs.
    pub current_step_index: usize,
    /// How many steps the playbook has at the top level.
    pub total_steps: usize,
    /// Addition: why it failed; `null` if it did not.
    pub error: Option<String>,
    /// Addition: how many steps failed, also where the playbook went on; a step that holds others is not counted
    /// beside what failed in it.
    pub failures: usize,
    /// Addition: whether it pauses after each step.
    pub debug_mode: bool,
    /// Addition: what the playbook is about.
    pub domain: Option<String>,
    /// Every step at the top level, and those within steps that began. In lists and updates the newest 50 that
    /// began, unless there are no more.
    pub step_results: Vec<StepResult>,
    /// Addition: how many steps that began are not in `step_results`, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omitted_steps: Option<i64>,
}

/// How a step came out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StepResult {
    /// The step's id.
    pub step_id: String,
    /// What it is called.
    pub step_name: String,
    /// Where it stands.
    pub status: StepStatus,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Addition: why it failed or was skipped.
    pub error: Option<String>,
    /// Addition: what it left.
    #[schema(value_type = Option<Object>)]
    pub output: Option<Value>,
    /// Addition: what it does; left out before it began.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "type")]
    pub kind: Option<String>,
    /// Addition: the steps that it is nested in; empty at the top.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Addition: how often it was tried.
    #[serde(default)]
    pub tries: i64,
    /// Addition: what it left is not shown here: `/api/runs/{id}/parts` has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub output_omitted: bool,
}

/// `200` of `POST /api/executions/{id}/pause` and the like.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Steered {
    /// For people.
    pub message: String,
    /// The execution.
    pub execution_id: String,
}

/// `200` of `DELETE /api/executions/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Deleted {
    /// For people.
    pub message: String,
    /// The execution that was deleted.
    pub execution_id: String,
    /// How many screenshots were deleted with it.
    pub screenshots_deleted: i64,
}

/// Data of an `execution_update` on `/ws/executions`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExecutionUpdate {
    /// The execution as it is after the update.
    #[serde(flatten)]
    pub execution: Execution,
    /// The step that changed; `null` when the update is about none.
    pub step_result: Option<UpdatedStep>,
}

/// The step of an update.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UpdatedStep {
    /// The step's id.
    pub step_id: String,
    /// Where it stands.
    pub status: StepStatus,
    /// Addition: the steps that it is nested in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Addition: why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
