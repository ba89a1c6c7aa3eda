//! What comes next in each block: the next step begins, or the block ends.

use std::sync::Arc;

use super::{
    Progress, ReadyStep, StepKey, UnitState,
    block::{Block, BlockId, BlockKind, Phase, StopReason},
    ending::Ending,
    open::uses_item,
    place::Slot,
    unit::Unit,
};
use crate::{NoSecrets, Step, evaluate};

impl Progress {
    /// Looks at all blocks that changed. Without a list, no step begins, and blocks only end.
    pub(super) fn settle(&mut self, mut ready: Option<&mut Vec<ReadyStep>>) {
        let mut later = Vec::new();
        while let Some(id) = self.changed.pop_last() {
            if self.advance(id, ready.as_deref_mut()) {
                later.push(id);
            }
        }
        self.changed.extend(later);
    }

    /// Returns whether the block has to be looked at again when steps may begin.
    fn advance(&mut self, id: BlockId, mut ready: Option<&mut Vec<ReadyStep>>) -> bool {
        while let Some(block) = self.blocks.get(&id)
            && self.goes_on(block)
        {
            if block.interrupted {
                let Some(ready) = ready.as_deref_mut() else {
                    return true;
                };
                self.offer_interrupted(id, ready);
            } else if let Some(slot) = block.next() {
                let Some(ready) = ready.as_deref_mut() else {
                    return true;
                };
                self.start(id, slot, ready);
            } else if block.is_busy() || !self.turn(id) {
                break;
            }
        }
        false
    }

    /// Whether the block's step has begun in this attempt, and the block has not ended.
    fn goes_on(&self, block: &Block) -> bool {
        match &block.unit {
            Some(key) => self
                .units
                .get(key)
                .is_some_and(|unit| unit.state == UnitState::Running),
            None => self.outcome.is_none(),
        }
    }

    /// What was interrupted is ready again.
    fn offer_interrupted(&mut self, id: BlockId, ready: &mut Vec<ReadyStep>) {
        let Some(block) = self.blocks.get_mut(&id) else {
            return;
        };
        block.interrupted = false;
        self.resume_main(id);
        let Some(block) = self.blocks.get(&id) else {
            return;
        };
        let children: Vec<StepKey> = block.children.iter().cloned().collect();
        let was = |key: &StepKey| {
            self.units
                .get(key)
                .is_some_and(|unit| unit.state == UnitState::Interrupted)
        };
        let mut interrupted: Vec<StepKey> = children.into_iter().filter(was).collect();
        interrupted.sort_by_key(|key| self.units[key].number);
        for key in interrupted {
            ready.extend(self.offer(&key));
        }
    }

    /// What was stopped before `finally` goes on after all, so `finally` comes again later.
    fn resume_main(&mut self, id: BlockId) {
        let Some(block) = self.blocks.get_mut(&id) else {
            return;
        };
        let of = |key: &StepKey, wanted: fn(&Slot) -> bool| {
            self.units.get(key).is_some_and(|unit| wanted(&unit.slot))
        };
        let main = |key: &StepKey| of(key, |slot| matches!(slot, Slot::Main(_)));
        if !block.in_finally() || !block.children.iter().any(main) {
            return;
        }
        let (main, finally): (Vec<_>, Vec<_>) = block.children.iter().cloned().partition(main);
        block.stop = None;
        if let Some(slot) = main
            .first()
            .and_then(|key| self.units.get(key))
            .map(|unit| unit.slot)
        {
            block.take(slot);
        }
        for key in finally {
            self.discard(&key, false);
        }
    }

    /// The step, ready to begin.
    pub(super) fn offer(&mut self, key: &StepKey) -> Option<ReadyStep> {
        let unit = self.units.get_mut(key)?;
        let interrupted = unit.state == UnitState::Interrupted;
        unit.state = UnitState::Waiting;
        Some(ReadyStep {
            key: key.clone(),
            step: unit.step.clone(),
            tries: unit.next_try(),
            timeout_s: (!unit.is_loop()).then_some(unit.step.timeout_s),
            delay_s: unit.delay_s,
            interrupted,
            needs_operator: interrupted && !unit.is_composite() && !unit.step.idempotent,
            composite: unit.is_composite(),
        })
    }

    /// The step at a place is ready, or is skipped.
    fn start(&mut self, id: BlockId, slot: Slot, ready: &mut Vec<ReadyStep>) {
        let Some(key) = self.place(id, slot) else {
            return;
        };
        match self.condition(&key) {
            Err(error) => self.finish(&key, Ending::failed(error)),
            Ok(false) => self.finish(&key, Ending::skipped("its condition does not hold")),
            Ok(true) => ready.extend(self.offer(&key)),
        }
    }

    /// Puts a step that begins or is skipped into its block.
    pub(super) fn place(&mut self, id: BlockId, slot: Slot) -> Option<StepKey> {
        let rollback = self
            .blocks
            .get_mut(&id)
            .and_then(Block::instance_mut)
            .and_then(|i| i.rollback);
        if let Some(rollback) = rollback {
            self.close(rollback);
        }
        let block = self.blocks.get_mut(&id)?;
        let (step, key) = block.at(slot)?;
        let again = block.take(slot);
        let in_loop = block.is_loop();
        self.forget(id, &again);
        self.blocks.get_mut(&id)?.children.insert(key.clone());
        self.units
            .insert(key.clone(), Unit::new(step, id, slot, in_loop));
        Some(key)
    }

    /// Whether a step's `when` holds. In a loop, it is asked for each item when it uses the item, and else once.
    fn condition(&self, key: &StepKey) -> Result<bool, String> {
        let unit = &self.units[key];
        let step: &Arc<Step> = &unit.step;
        let Some(when) = &step.when else {
            return Ok(true);
        };
        if step.for_each.is_some() && unit.in_loop != uses_item(step, when) {
            return Ok(true);
        }
        evaluate(when, &self.scope(key, &NoSecrets)).map_err(|problem| format!("`when`: {problem}"))
    }

    /// Nothing in the block goes on or can begin: its next phase begins (true), or it ends (false).
    fn turn(&mut self, id: BlockId) -> bool {
        let Some(block) = self.blocks.get_mut(&id) else {
            return false;
        };
        let stop = block.stop.clone();
        if let Some(instance) = block.instance_mut() {
            let rolls_back = matches!(stop, Some(StopReason::Failed { rollback: true, .. }));
            match instance.phase {
                Phase::Main if rolls_back => instance.phase = Phase::Rollback,
                Phase::Rollback if rolls_back && !instance.undo.is_empty() => self.roll_back(id),
                Phase::Main | Phase::Rollback => instance.phase = Phase::Finally,
                Phase::Finally => {
                    self.close(id);
                    return false;
                }
            }
            return true;
        }
        self.close(id);
        false
    }

    /// The steps that undo the last step that completed.
    pub(super) fn roll_back(&mut self, id: BlockId) {
        let Some(undo) = self
            .blocks
            .get_mut(&id)
            .and_then(Block::instance_mut)
            .and_then(|i| i.undo.pop())
        else {
            return;
        };
        let path = format!("{}/rollback", undo.key);
        let kind = BlockKind::Sequence {
            owner: undo.step,
            rollback: true,
            next: 0,
        };
        let mut block = Block::new(None, Some(id), path, kind);
        block.values = undo.values;
        let rollback = self.add_block(block);
        self.changed.insert(rollback);
        if let Some(instance) = self.blocks.get_mut(&id).and_then(Block::instance_mut) {
            instance.rollback = Some(rollback);
        }
    }
}
