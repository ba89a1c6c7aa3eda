//! What may begin, how a step ended, and how the execution did.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{PartStage, StepKey};
use crate::Step;

/// A step that may begin now.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadyStep {
    /// Which.
    pub key: StepKey,
    /// The step; of one pass of a loop, the step that is repeated.
    pub step: Arc<Step>,
    /// Which try it will be, from 1.
    pub tries: u32,
    /// The limit of the try, in seconds; none of a loop, whose passes have it.
    pub timeout_s: Option<f64>,
    /// How long to wait before it begins, in seconds: not 0 after a try that failed.
    pub delay_s: f64,
    /// It had begun in an earlier attempt and not ended.
    pub interrupted: bool,
    /// It was interrupted, must not begin again by itself, and waits for an operator.
    pub needs_operator: bool,
    /// There is nothing to perform: after it began, the steps inside become ready.
    pub composite: bool,
}

/// How a try of a step ended.
#[derive(Clone, Debug, PartialEq)]
pub struct StepOutcome {
    /// `Completed`, `Failed`, `Skipped` or `Cancelled`.
    pub stage: PartStage,
    /// What it gives to templates.
    pub output: Option<Value>,
    /// Why it failed or was skipped.
    pub error: Option<String>,
    /// Variables that it set.
    pub set: Map<String, Value>,
    /// It is not tried again, although it has tries left.
    pub last_try: bool,
}

impl StepOutcome {
    /// It is done.
    #[must_use]
    pub fn completed(output: Value) -> Self {
        Self {
            output: Some(output),
            ..Self::of(PartStage::Completed, None)
        }
    }

    /// It failed; it is tried again if it has tries left.
    #[must_use]
    pub fn failed(error: impl Into<String>) -> Self {
        Self::of(PartStage::Failed, Some(error.into()))
    }

    /// It was left out.
    #[must_use]
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::of(PartStage::Skipped, Some(reason.into()))
    }

    /// It was stopped.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::of(PartStage::Cancelled, None)
    }

    /// With variables that it set.
    #[must_use]
    pub fn with_set(mut self, set: Map<String, Value>) -> Self {
        self.set = set;
        self
    }

    /// With an output, also of a step that failed.
    #[must_use]
    pub fn with_output(mut self, output: Value) -> Self {
        self.output = Some(output);
        self
    }

    /// Not tried again.
    #[must_use]
    pub fn last(mut self) -> Self {
        self.last_try = true;
        self
    }

    fn of(stage: PartStage, error: Option<String>) -> Self {
        Self {
            stage,
            output: None,
            error,
            set: Map::new(),
            last_try: false,
        }
    }
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ExecutionOutcome {
    /// To its end.
    Completed {
        /// The outputs of the playbook.
        outputs: Map<String, Value>,
    },
    /// A step failed.
    Failed {
        /// Which, and why.
        error: String,
    },
    /// It was cancelled.
    Cancelled,
}
