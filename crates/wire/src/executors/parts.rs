//! What happens within a run: its parts, its state, and that it waits.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Signals;
use crate::JsonText;

/// Body of `POST /api/runs/{id}/parts`: what happened to parts of the work, in one commit. The same report
/// again changes nothing; a part that has ended cannot change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdvanceRun {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// What happened, in order: normally that one part ended and the next one began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartReport>,
    /// Replaces the run's state, if it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub state: Option<JsonText>,
    /// The generation of signals that the executor has acted on.
    #[serde(default)]
    pub acknowledged: i64,
}

/// Where a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It began, or a try of it failed and it is tried again.
    Started,
    /// It is done.
    Completed,
    /// It failed for good, after its retries.
    Failed,
    /// It was left out.
    Skipped,
    /// It was stopped because its run was cancelled.
    Cancelled,
    /// Its attempt ended before it did.
    Interrupted,
}

macro_rules! same {
    ($($stage:ident),+) => {
        impl From<Stage> for engine::Stage {
            fn from(stage: Stage) -> Self {
                match stage { $(Stage::$stage => Self::$stage),+ }
            }
        }

        impl From<engine::Stage> for Stage {
            fn from(stage: engine::Stage) -> Self {
                match stage { $(engine::Stage::$stage => Self::$stage),+ }
            }
        }
    };
}
same!(Started, Completed, Failed, Skipped, Cancelled, Interrupted);

/// What happened to one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PartReport {
    /// Its number in the run, from 1. Parts begin in the order of their numbers.
    pub number: i64,
    /// What the kind calls it.
    pub name: String,
    /// The path of its parent part; empty at the top.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Where it stands now.
    pub stage: Stage,
    /// The number of the try that runs or ran last, from 1; 0 when it was not tried.
    #[serde(default)]
    pub tries: u32,
    /// What it left, in the kind's own form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<JsonText>,
    /// What the event log says of it besides, at most 16 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub event: Option<Value>,
    /// Whether its children that have not ended are cancelled and its open approvals withdrawn, in the same
    /// commit: so that nothing outlives a part that has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abandons: bool,
}

/// Body of `PUT /api/runs/{id}/state`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PutState {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// What a new attempt needs besides the parts.
    #[schema(value_type = Object)]
    pub state: JsonText,
}

/// `200` of `POST /api/runs/{id}/parts` and `PUT /api/runs/{id}/state`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Advanced {
    /// What operators ask of the run.
    pub signals: Signals,
}

/// Body of `POST /api/runs/{id}/park`: the run waits, its lease ends, and that is no failure. When what it
/// waits for comes, it is queued again and goes on after its last part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParkRun {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// What it waits for: `operator`, `approval`, `time`, `child` (any of its children ends) or `children`
    /// (all of them end).
    pub wait_for: String,
    /// How long it waits at most, in milliseconds from now; without it, forever. A run that waits for a time
    /// needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What happens then: `resume` (the default), `fail` or `cancel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<String>,
    /// The newest generation of signals that the executor has seen. When there is a newer one, `409`: look
    /// at the signals and decide again.
    #[serde(default)]
    pub seen: i64,
}
