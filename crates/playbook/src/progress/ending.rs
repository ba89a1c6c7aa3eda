//! How a step ended for good.

use serde_json::{Map, Value};

use super::{PartStage, StepOutcome};

/// How a step ended for good.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) stage: PartStage,
    pub(super) output: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) set: Map<String, Value>,
    /// A step inside asks for a rollback.
    pub(super) rollback: bool,
}

impl Ending {
    fn of(stage: PartStage) -> Self {
        Self {
            stage,
            output: None,
            error: None,
            reason: None,
            set: Map::new(),
            rollback: false,
        }
    }

    pub(super) fn failed(error: String) -> Self {
        Self {
            error: Some(error),
            ..Self::of(PartStage::Failed)
        }
    }

    pub(super) fn skipped(reason: &str) -> Self {
        Self {
            reason: Some(reason.to_owned()),
            ..Self::of(PartStage::Skipped)
        }
    }

    pub(super) fn cancelled() -> Self {
        Self::of(PartStage::Cancelled)
    }

    pub(super) fn of_block(output: Value, error: Option<String>, rollback: bool) -> Self {
        let stage = if error.is_some() {
            PartStage::Failed
        } else {
            PartStage::Completed
        };
        Self {
            output: Some(output),
            error,
            rollback,
            ..Self::of(stage)
        }
    }
}

impl From<StepOutcome> for Ending {
    fn from(outcome: StepOutcome) -> Self {
        let StepOutcome {
            stage,
            output,
            error,
            set,
            ..
        } = outcome;
        let (error, reason) = match stage {
            PartStage::Skipped => (None, error),
            PartStage::Failed => (Some(error.unwrap_or_default()), None),
            _ => (error, None),
        };
        Self {
            output,
            error,
            reason,
            set,
            ..Self::of(stage)
        }
    }
}
