//! A step that is ready or has begun.

use std::sync::Arc;

use super::{
    JournalPart, PartStage, StepKey, block::BlockId, ending::Ending, part::PartBody, place::Slot,
};
use crate::Step;

pub(super) struct Unit {
    pub(super) step: Arc<Step>,
    /// The block that it is in.
    pub(super) block: BlockId,
    pub(super) slot: Slot,
    /// It is one pass of its step's loop.
    pub(super) in_loop: bool,
    pub(super) state: UnitState,
    /// The try that runs or ran last, from 1; 0 before the first.
    pub(super) tries: u32,
    /// That try failed.
    pub(super) try_failed: bool,
    /// The pause before the next try.
    pub(super) delay_s: f64,
    /// The number of its part, once it has one.
    pub(super) number: Option<i64>,
    /// Where its part stands.
    pub(super) row: Option<PartStage>,
    pub(super) body: PartBody,
    /// The block of the steps inside of it.
    pub(super) inner: Option<BlockId>,
    /// How it ends once what is inside has stopped, and whether it is not tried again then.
    pub(super) ends_as: Option<(Ending, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitState {
    /// It began in an earlier attempt and did not end.
    Interrupted,
    /// It is to begin.
    Waiting,
    /// It has begun.
    Running,
}

impl Unit {
    pub(super) fn new(step: Arc<Step>, block: BlockId, slot: Slot, in_loop: bool) -> Self {
        Self {
            step,
            block,
            slot,
            in_loop,
            state: UnitState::Waiting,
            tries: 0,
            try_failed: false,
            delay_s: 0.0,
            number: None,
            row: None,
            body: PartBody::default(),
            inner: None,
            ends_as: None,
        }
    }

    /// Whether it is the loop itself.
    pub(super) fn is_loop(&self) -> bool {
        self.step.for_each.is_some() && !self.in_loop
    }

    pub(super) fn is_composite(&self) -> bool {
        self.is_loop() || self.step.holds_steps()
    }

    /// The try that begins next: an interrupted one begins again.
    pub(super) fn next_try(&self) -> u32 {
        if self.try_failed {
            self.tries + 1
        } else {
            self.tries.max(1)
        }
    }

    /// Whether its part has to say something when it is stopped: it has begun and not ended.
    pub(super) fn has_open_part(&self) -> bool {
        matches!(self.row, Some(PartStage::Started | PartStage::Interrupted))
    }

    pub(super) fn part(&self, key: &StepKey, stage: PartStage) -> JournalPart {
        JournalPart {
            number: self.number.unwrap_or_default(),
            key: key.clone(),
            stage,
            tries: self.tries,
            body: serde_json::to_value(&self.body).unwrap_or_default(),
        }
    }
}
