//! Builds the state of an execution from the parts of its journal.

use serde_json::{Map, Value};

use super::{
    EditedParameters, JournalPart, JournalProblem, PartStage, Progress, StepKey, UnitState,
    block::{Block, BlockId, Phase, ROOT},
    ending::Ending,
    part::PartBody,
};

/// What happened at one point of the journal.
enum Happened {
    Began,
    /// A step with inner steps began again, with a new try.
    Retried,
    Ended,
}

impl Progress {
    /// Goes on where earlier attempts stopped: `parts` are all parts of the journal, as they are now. It is
    /// called once, before anything else.
    ///
    /// # Errors
    /// The parts are not those of this playbook.
    pub fn restore(&mut self, parts: Vec<JournalPart>) -> Result<(), JournalProblem> {
        self.restore_edited(parts, Vec::new())
    }

    /// The same, of an execution whose parameters were edited between its attempts.
    ///
    /// # Errors
    /// The parts are not those of this playbook.
    pub fn restore_edited(
        &mut self,
        parts: Vec<JournalPart>,
        edits: Vec<EditedParameters>,
    ) -> Result<(), JournalProblem> {
        let mut read = Vec::with_capacity(parts.len());
        for part in parts {
            let body: PartBody = serde_json::from_value(part.body.clone()).map_err(|error| {
                let (number, key) = (part.number, &part.key);
                JournalProblem::new(format!(
                    "part {number} (`{key}`) has a body that does not fit: {error}"
                ))
            })?;
            self.next_number = self.next_number.max(part.number + 1);
            read.push((part, body));
        }
        let mut order = Vec::with_capacity(read.len() * 2);
        for (index, (part, body)) in read.iter().enumerate() {
            order.push((body.began, index, Happened::Began));
            order.extend(
                body.retried
                    .iter()
                    .map(|at| (*at, index, Happened::Retried)),
            );
            if part.stage.is_final() {
                order.push((body.ended.unwrap_or(u64::MAX), index, Happened::Ended));
            }
            let last = body
                .retried
                .iter()
                .copied()
                .chain([body.began])
                .chain(body.ended)
                .max();
            self.clock = self.clock.max(last.unwrap_or_default());
        }
        // Of a step that was skipped, both are the same moment: the sort keeps their order.
        order.sort_by_key(|(at, _, _)| *at);
        self.restoring = true;
        let mut edits = edits.into_iter().peekable();
        for (_, index, happened) in order {
            let (part, body) = &read[index];
            while let Some(edit) = edits.next_if(|edit| edit.after < part.number) {
                self.edit(edit.parameters);
            }
            match happened {
                Happened::Began => self.restore_begin(part, body)?,
                Happened::Retried => self.restore_retry(&part.key),
                Happened::Ended => self.restore_end(part, body),
            }
        }
        for edit in edits {
            self.edit(edit.parameters);
        }
        self.restoring = false;
        for block in self.blocks.values_mut() {
            block.interrupted = !block.children.is_empty();
        }
        self.changed.extend(self.blocks.keys());
        Ok(())
    }

    /// The execution has other parameters from here on.
    fn edit(&mut self, parameters: Map<String, Value>) {
        if let Some(instance) = self.blocks.get_mut(&ROOT).and_then(Block::instance_mut) {
            instance.set_parameters(parameters);
        }
    }

    fn restore_begin(&mut self, part: &JournalPart, body: &PartBody) -> Result<(), JournalProblem> {
        let key = &part.key;
        let unknown = || {
            let number = part.number;
            JournalProblem::new(format!(
                "the journal has part {number}, `{key}`, and the playbook has not"
            ))
        };
        self.discard(key, false);
        let id = self.block_of(&key.path).ok_or_else(unknown)?;
        let slot = self
            .blocks
            .get(&id)
            .and_then(|block| block.locate(&key.name))
            .ok_or_else(unknown)?;
        self.place(id, slot).ok_or_else(unknown)?;
        let opens = self.units.get_mut(key).is_some_and(|unit| {
            unit.number = Some(part.number);
            unit.tries = part.tries;
            unit.row = Some(if part.stage.is_final() {
                PartStage::Started
            } else {
                part.stage
            });
            unit.body = PartBody {
                began: body.began,
                retried: body.retried.clone(),
                ..PartBody::default()
            };
            unit.state = UnitState::Interrupted;
            unit.is_composite()
        });
        // A step without any try was skipped, or failed before it began.
        if opens && part.tries > 0 {
            // What cannot be opened has failed, which its part says, or fails again.
            drop(self.open(key));
        }
        Ok(())
    }

    fn restore_retry(&mut self, key: &StepKey) {
        self.discard_inner(key, false);
        drop(self.open(key));
    }

    fn restore_end(&mut self, part: &JournalPart, body: &PartBody) {
        let key = &part.key;
        let Some(unit) = self.units.get(key) else {
            return;
        };
        let inner = unit.inner;
        let mut ending = match (part.stage, inner) {
            // What the parts inside gave is its output.
            (PartStage::Completed | PartStage::Failed, Some(inner)) => self.ending(inner),
            _ => Ending::skipped(""),
        };
        if inner.is_none() {
            ending.output.clone_from(&body.output);
        }
        ending.stage = part.stage;
        ending.error.clone_from(&body.error);
        ending.set.clone_from(&body.set);
        self.discard_inner(key, false);
        self.settle_end(key, ending);
    }

    /// The block whose steps have a path.
    fn block_of(&mut self, path: &str) -> Option<BlockId> {
        if let Some(id) = self.by_path.get(path) {
            return Some(*id);
        }
        // The steps that undo another one: what was undone before it is done.
        let undone = path.strip_suffix("/rollback")?;
        let owner = self.blocks.iter().find_map(|(id, block)| {
            let instance = block.instance()?;
            instance
                .undo
                .iter()
                .any(|undo| undo.key.inside() == undone)
                .then_some(*id)
        })?;
        if let Some(done) = self.blocks.get(&owner)?.instance()?.rollback {
            self.close(done);
        }
        let instance = self.blocks.get_mut(&owner).and_then(Block::instance_mut)?;
        instance.phase = Phase::Rollback;
        while instance
            .undo
            .last()
            .is_some_and(|undo| undo.key.inside() != undone)
        {
            instance.undo.pop();
        }
        self.roll_back(owner);
        self.by_path.get(path).copied()
    }
}
