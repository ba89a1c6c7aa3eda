//! A step begins, and a step ends: what the journal says of it, and what follows for its block.

use super::{
    PartStage, Progress, StepKey, StepOutcome,
    block::{Block, BlockId, BlockKind, Phase, StopReason, Undo},
    ending::Ending,
    unit::{Unit, UnitState},
};
use crate::OnFailure;

impl Progress {
    /// A step that is ready begins.
    pub(super) fn begin(&mut self, key: &StepKey) {
        let Some(unit) = self
            .units
            .get(key)
            .filter(|unit| unit.state == UnitState::Waiting)
        else {
            return;
        };
        self.failed.remove(key);
        let again = unit.row.is_some();
        let opens = unit.is_composite() && unit.inner.is_none();
        let (clock, number) = (self.tick(), self.number_of(key));
        let Some(unit) = self.units.get_mut(key) else {
            return;
        };
        if !again {
            unit.body.began = clock;
        } else if opens {
            unit.body.retried.push(clock);
        }
        unit.tries = unit.next_try();
        unit.try_failed = false;
        unit.number = Some(number);
        unit.state = UnitState::Running;
        unit.row = Some(PartStage::Started);
        let part = unit.part(key, PartStage::Started);
        self.parts.push(part);
        if opens {
            if let Err(error) = self.open(key) {
                self.end_or_retry(key, Ending::failed(error), false);
            }
        } else if let Some(inner) = self.units.get(key).and_then(|unit| unit.inner) {
            self.changed.insert(inner);
        }
    }

    /// The number of a step's part: a new one, unless it has one.
    fn number_of(&mut self, key: &StepKey) -> i64 {
        if let Some(number) = self.units.get(key).and_then(|unit| unit.number) {
            return number;
        }
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// A try of a step ended, as its runner says.
    pub(super) fn end_try(&mut self, key: &StepKey, outcome: StepOutcome) {
        if !self.units.contains_key(key) || outcome.stage == PartStage::Started {
            return;
        }
        let last_try = outcome.last_try;
        let unit = self
            .units
            .get_mut(key)
            .filter(|unit| unit.state == UnitState::Running);
        if let Some(unit) = unit
            && let (Some(inner), None) = (unit.inner, &unit.ends_as)
        {
            unit.ends_as = Some((outcome.into(), last_try));
            self.stop(inner, false);
            return;
        }
        self.discard_inner(key, true);
        self.end_or_retry(key, outcome.into(), last_try);
    }

    /// A try ended: the step is tried again, or has ended.
    pub(super) fn end_or_retry(&mut self, key: &StepKey, ending: Ending, last_try: bool) {
        let Some(unit) = self.units.get_mut(key) else {
            return;
        };
        let failed = ending.stage == PartStage::Failed && !last_try && !unit.is_loop();
        let running = unit.state == UnitState::Running;
        let delay = unit
            .step
            .retry
            .delay_after(unit.tries)
            .filter(|_| failed && running);
        let stops = self
            .blocks
            .get(&unit.block)
            .is_none_or(|block| matches!(block.stop, Some(StopReason::Cancelled)));
        let Some(delay) = delay.filter(|_| !stops) else {
            self.finish(key, ending);
            return;
        };
        unit.delay_s = delay;
        unit.try_failed = true;
        unit.state = UnitState::Waiting;
        unit.ends_as = None;
        let inner = unit.inner.take();
        if let Some(inner) = inner {
            self.remove_block(inner);
        }
        self.retries.push(key.clone());
    }

    /// A step has ended: writes its part.
    pub(super) fn finish(&mut self, key: &StepKey, ending: Ending) {
        let number = self.number_of(key);
        let clock = self.tick();
        let Some(unit) = self.units.get_mut(key) else {
            return;
        };
        let known = unit.row == Some(ending.stage);
        unit.number = Some(number);
        if unit.row.is_none() {
            unit.body.began = clock;
        }
        unit.body.ended = Some(clock);
        unit.body.error.clone_from(&ending.error);
        unit.body.reason.clone_from(&ending.reason);
        unit.body.set.clone_from(&ending.set);
        // What the parts inside say is not said again.
        let says_all = !unit.is_composite() || unit.step.kind == "playbook.run" && !unit.is_loop();
        unit.body.output = ending.output.clone().filter(|_| says_all);
        let part = unit.part(key, ending.stage);
        // What was cancelled in an earlier attempt was said then.
        if !known {
            self.parts.push(part);
        }
        self.settle_end(key, ending);
    }

    /// What the end of a step means for its block.
    pub(super) fn settle_end(&mut self, key: &StepKey, ending: Ending) {
        let Some(unit) = self.units.remove(key) else {
            return;
        };
        if let Some(inner) = unit.inner {
            self.remove_block(inner);
        }
        self.failed.remove(key);
        self.set_variables(&unit, &ending);
        let undoes = ending.stage == PartStage::Completed
            && !unit.is_loop()
            && !unit.step.rollback.is_empty();
        let undo = undoes.then(|| Undo {
            key: key.clone(),
            step: unit.step.clone(),
            values: self.values_of(&unit),
        });
        let Some(block) = self.blocks.get_mut(&unit.block) else {
            return;
        };
        block.children.remove(key);
        if let BlockKind::Loop { results, .. } = &mut block.kind {
            results.extend(ending.output.map(|output| (unit.slot.index(), output)));
        } else {
            block
                .statuses
                .insert(key.name.clone(), ending.stage.as_str().into());
            match ending.output {
                Some(output) => drop(block.outputs.insert(key.name.clone(), output)),
                None => drop(block.outputs.remove(&key.name)),
            }
        }
        let stage = ending.stage;
        if stage == PartStage::Failed {
            self.fail(
                key,
                &unit,
                ending.error.unwrap_or_default(),
                ending.rollback,
            );
        } else if stage == PartStage::Cancelled
            && let Some(block) = self.blocks.get_mut(&unit.block)
            && !block.in_finally()
        {
            block.stop.get_or_insert(StopReason::Cancelled);
        }
        if let Some(undo) = undo {
            self.keep_undo(unit.block, undo);
        }
        self.changed.insert(unit.block);
    }

    fn set_variables(&mut self, unit: &Unit, ending: &Ending) {
        let id = self.instance_of(unit.block);
        let Some(instance) = self.blocks.get_mut(&id).and_then(Block::instance_mut) else {
            return;
        };
        for (name, value) in &ending.set {
            instance.variables.insert(name.clone(), value.clone());
        }
        let registers = ending.stage == PartStage::Completed && !unit.in_loop;
        if let (true, Some(name), Some(output)) = (registers, &unit.step.register, &ending.output) {
            instance.variables.insert(name.clone(), output.clone());
        }
    }

    fn keep_undo(&mut self, block: BlockId, undo: Undo) {
        let id = self.instance_of(block);
        let instance = self.blocks.get_mut(&id).and_then(Block::instance_mut);
        if let Some(instance) = instance.filter(|instance| instance.phase == Phase::Main) {
            instance.undo.push(undo);
        }
    }

    /// A step failed for good: its block goes on or stops.
    fn fail(&mut self, key: &StepKey, unit: &Unit, error: String, rollback: bool) {
        self.count_failure(key);
        let goes_on = unit.step.on_failure == OnFailure::Continue;
        let rollback = rollback || unit.step.on_failure == OnFailure::Rollback;
        let Some(block) = self.blocks.get_mut(&unit.block) else {
            return;
        };
        if let BlockKind::Loop {
            failed,
            first_error,
            ..
        } = &mut block.kind
        {
            *failed += 1;
            first_error.get_or_insert_with(|| format!("item {}: {error}", key.name));
            if !goes_on {
                block
                    .stop
                    .get_or_insert(StopReason::Failed { error, rollback });
            }
            return;
        }
        if goes_on {
            return;
        }
        let error = format!("Step '{}' failed: {error}", unit.step.id);
        match block.instance_mut() {
            Some(instance) if instance.phase == Phase::Finally => {
                instance.further_errors.push(error);
            }
            _ => drop(
                block
                    .stop
                    .get_or_insert(StopReason::Failed { error, rollback }),
            ),
        }
    }

    /// Counts a step that failed, unless it failed because of one inside of it.
    fn count_failure(&mut self, key: &StepKey) {
        let path = key.inside();
        let first = |path: String| {
            let from = StepKey {
                path,
                name: String::new(),
            };
            self.failed.range(from..).next()
        };
        let deeper = format!("{path}/");
        let is_directly = first(path.clone()).is_some_and(|failed| failed.path == path);
        let is_deeper = || {
            let failed = first(deeper.clone());
            failed.is_some_and(|failed| failed.path.starts_with(&deeper))
        };
        if !is_directly && !is_deeper() {
            self.failed.insert(key.clone());
        }
    }

    /// The number of the part of a step that has begun.
    #[must_use]
    pub fn part_number(&self, key: &StepKey) -> Option<i64> {
        self.units.get(key)?.number
    }

    /// The path of the playbook that a step is of.
    #[must_use]
    pub fn playbook_path(&self, key: &StepKey) -> &str {
        let block = self.units.get(key).map_or(super::ROOT, |unit| unit.block);
        let instance = self.blocks.get(&self.instance_of(block));
        let stack = instance.and_then(Block::instance).map(|one| &one.stack);
        stack
            .and_then(|stack| stack.last())
            .map_or("", String::as_str)
    }
}
