//! Stops an execution, and goes back to an earlier step.

use std::collections::BTreeSet;

use super::{
    JournalProblem, Progress, StepKey, UnitState,
    block::{Block, BlockId, Phase, ROOT, Stop},
    ending::Ending,
    place::Slot,
};

impl Progress {
    /// Stops the execution: all that goes on is cancelled, then `finally` steps become ready. What goes on in
    /// `finally` is left alone. The runner stops what it performs before it calls this.
    pub fn cancel(&mut self) {
        if self.outcome.is_none() {
            self.stop(false);
            self.settle(None);
        }
    }

    /// The time of `finally` is over: all that goes on is cancelled, and no further step begins.
    pub fn cancel_finally(&mut self) {
        if self.outcome.is_some() {
            return;
        }
        for instance in self.blocks.values_mut().filter_map(Block::instance_mut) {
            if instance.phase == Phase::Finally
                && instance.next_finally < instance.playbook.finally.len()
            {
                let limit = instance.playbook.finally_timeout_s;
                instance
                    .further_errors
                    .push(format!("`finally` took longer than {limit} seconds"));
            }
            instance.next_finally = instance.playbook.finally.len();
        }
        self.stop(true);
        self.settle(None);
    }

    /// Stops all steps, those in `finally` only if it is said.
    fn stop(&mut self, also_finally: bool) {
        let stops = |key: &StepKey| also_finally || !self.is_in_finally(key);
        let keys = self.units.iter().filter(|(key, _)| stops(key));
        let mut stopped: Vec<(Option<i64>, StepKey)> =
            keys.map(|(key, unit)| (unit.number, key.clone())).collect();
        // What is inside ends before what it is inside of.
        stopped.sort();
        stopped.reverse();
        let keys: BTreeSet<&StepKey> = stopped.iter().map(|(_, key)| key).collect();
        for (id, block) in &mut self.blocks {
            let ends = match &block.unit {
                Some(key) => keys.contains(key),
                None => true,
            };
            if block.in_finally() {
                // How it ends is decided, unless all went well until now.
                if !also_finally {
                    block.stop.get_or_insert(Stop::Cancelled);
                }
            } else if ends {
                block.stop = Some(Stop::Cancelled);
                block.interrupted = false;
            }
            self.changed.insert(*id);
        }
        for (_, key) in &stopped {
            self.stop_unit(key);
        }
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

    /// Whether a step is one of `finally`, of its playbook or of one around it, or inside of such a step.
    fn is_in_finally(&self, key: &StepKey) -> bool {
        let mut next = self.units.get(key);
        while let Some(unit) = next {
            if matches!(unit.slot, Slot::Finally(_)) {
                return true;
            }
            let block = self.blocks.get(&unit.block);
            next = block
                .and_then(|block| block.unit.as_ref())
                .and_then(|key| self.units.get(key));
        }
        false
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
