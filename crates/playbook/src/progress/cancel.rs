//! Stops an execution, and goes back to an earlier step.

use super::{
    JournalProblem, Progress, StepKey, UnitState,
    block::{Block, BlockId, Phase, ROOT, StopReason},
    ending::Ending,
    place::Slot,
};

impl Progress {
    /// Stops the execution: all that goes on is cancelled, then `finally` steps become ready. What goes on in
    /// `finally` is left alone. The runner stops what it performs before it calls this.
    pub fn cancel(&mut self) {
        if self.outcome.is_none() {
            self.stop(ROOT, false);
            self.settle(None);
        }
    }

    /// The time of a playbook's `finally` is over, whose steps have this path: all that goes on there is cancelled,
    /// and no further step of it begins.
    pub fn cancel_finally(&mut self, path: &str) {
        let id = self.by_path.get(path).copied();
        let Some(id) = id.filter(|_| self.outcome.is_none()) else {
            return;
        };
        let within: Vec<BlockId> = self.blocks.keys().copied().collect();
        for inner in within {
            if self.inside(inner, id).is_none() {
                continue;
            }
            let is_busy = self.blocks.get(&inner).is_some_and(Block::is_busy);
            let Some(instance) = self.blocks.get_mut(&inner).and_then(Block::instance_mut) else {
                continue;
            };
            let count = instance.playbook.finally.len();
            if instance.phase == Phase::Finally && (is_busy || instance.next_finally < count) {
                let limit = instance.playbook.finally_timeout_s;
                instance
                    .further_errors
                    .push(format!("`finally` took longer than {limit} seconds"));
            }
            instance.next_finally = count;
        }
        self.stop(id, true);
        self.settle(None);
    }

    /// Stops all steps within a block, those in a `finally` inside of it only if it is said.
    pub(super) fn stop(&mut self, within: BlockId, also_finally: bool) {
        let stops = |inside: Option<bool>| inside.is_some_and(|finally| also_finally || !finally);
        let blocks: Vec<BlockId> = self.blocks.keys().copied().collect();
        let blocks: Vec<BlockId> = blocks
            .into_iter()
            .filter(|id| stops(self.inside(*id, within)))
            .collect();
        let keys = self.units.iter().filter(|(_, unit)| {
            let inside = self.inside(unit.block, within);
            stops(inside.map(|finally| finally || matches!(unit.slot, Slot::Finally(_))))
        });
        let mut keys: Vec<(Option<i64>, StepKey)> =
            keys.map(|(key, unit)| (unit.number, key.clone())).collect();
        for id in blocks {
            let Some(block) = self.blocks.get_mut(&id) else {
                continue;
            };
            if !block.in_finally() {
                block.stop = Some(StopReason::Cancelled);
                block.interrupted = false;
            } else if !also_finally {
                // How it ends is decided, unless all went well until now.
                block.stop.get_or_insert(StopReason::Cancelled);
            }
            self.changed.insert(id);
        }
        // What is inside ends before what it is inside of.
        keys.sort();
        for (_, key) in keys.iter().rev() {
            self.stop_unit(key);
        }
    }

    /// Whether a block is within another: nothing, or whether it is in a `finally` there.
    fn inside(&self, mut id: BlockId, within: BlockId) -> Option<bool> {
        let mut finally = false;
        while id != within {
            let block = self.blocks.get(&id)?;
            match block.unit.as_ref().and_then(|key| self.units.get(key)) {
                Some(unit) => {
                    finally |= matches!(unit.slot, Slot::Finally(_));
                    id = unit.block;
                }
                None => id = block.parent?,
            }
        }
        Some(finally)
    }

    fn stop_unit(&mut self, key: &StepKey) {
        let Some(unit) = self.units.get_mut(key) else {
            return;
        };
        match unit.inner {
            // It ends when what is inside of it has ended.
            Some(_) => unit.state = UnitState::Running,
            None if unit.row.is_some() => self.finish(key, Ending::cancelled()),
            // It never began, and leaves no trace.
            None => {
                let block = unit.block;
                self.discard(key, false);
                self.changed.insert(block);
            }
        }
    }

    /// The next step of its block is this one again, and all that came from it on is forgotten. Of a step
    /// inside of what has ended, or of a loop, the whole of that is done again.
    ///
    /// # Errors
    /// The execution has no such step, or has not come so far.
    pub fn rewind(&mut self, key: &StepKey) -> Result<(), JournalProblem> {
        let (id, key) = self.outermost(key);
        let found = self.blocks.get(&id).and_then(|block| {
            let slot = block.locate(&key.name)?;
            (slot.index() < block.reached(slot)).then_some(slot)
        });
        let slot = found.ok_or_else(|| {
            JournalProblem::new(format!(
                "the execution has no step `{key}`, or has not come so far"
            ))
        })?;
        // As if it began, which forgets all that came from it on, and then had not.
        self.place(id, slot);
        self.discard(&key, false);
        if let Some(block) = self.blocks.get_mut(&id) {
            block.put_back(slot);
        }
        if id == ROOT {
            self.outcome = None;
        }
        self.changed.insert(id);
        Ok(())
    }

    /// A step, or the outermost step around it that can be done again by itself, and its block.
    fn outermost(&self, key: &StepKey) -> (BlockId, StepKey) {
        let mut key = key.clone();
        loop {
            let id = self.by_path.get(&key.path).copied();
            let in_order = |id: &BlockId| self.blocks.get(id).is_some_and(Block::is_in_order);
            if let Some(id) = id.filter(in_order) {
                return (id, key);
            }
            key = match key.path.rsplit_once('/') {
                Some((path, name)) => StepKey {
                    path: path.to_owned(),
                    name: name.to_owned(),
                },
                None => StepKey {
                    path: String::new(),
                    name: key.path,
                },
            };
        }
    }
}
