//! What is open is no longer so: because all around it ended, or because it is done again.

use super::{
    PartStage, Progress, StepKey,
    block::{Block, BlockId},
};

impl Progress {
    /// Steps of a block that were done are to be done again: forgets what came from them.
    pub(super) fn forget(&mut self, id: BlockId, ids: &[String]) {
        if ids.is_empty() {
            return;
        }
        let Some(path) = self.blocks.get(&id).map(|block| block.path.clone()) else {
            return;
        };
        for name in ids {
            let key = StepKey {
                path: path.clone(),
                name: name.clone(),
            };
            self.discard(&key, true);
            let inside = key.inside();
            let is_of = |other: &StepKey| {
                *other == key
                    || other.path == inside
                    || other.path.starts_with(&format!("{inside}/"))
            };
            self.failed.retain(|other| !is_of(other));
            let instance = self.instance_of(id);
            if let Some(instance) = self.blocks.get_mut(&instance).and_then(Block::instance_mut) {
                instance.undo.retain(|undo| !is_of(&undo.key));
            }
            if let Some(block) = self.blocks.get_mut(&id) {
                block.outputs.remove(name);
                block.statuses.remove(name);
            }
        }
    }

    /// A step is no longer open, nor what is inside of it.
    pub(super) fn discard(&mut self, key: &StepKey, say: bool) {
        self.discard_inner(key, say);
        let Some(mut unit) = self.units.remove(key) else {
            return;
        };
        self.retries.retain(|other| other != key);
        if let Some(block) = self.blocks.get_mut(&unit.block) {
            block.children.remove(key);
        }
        if say && !self.restoring && unit.has_open_part() {
            unit.body.ended = Some(self.tick());
            self.parts.push(unit.part(key, PartStage::Cancelled));
        }
    }

    /// Nothing inside a step is open any more.
    pub(super) fn discard_inner(&mut self, key: &StepKey, say: bool) {
        let inner = self.units.get_mut(key).and_then(|unit| unit.inner.take());
        if let Some(inner) = inner {
            self.discard_block(inner, say);
        }
    }

    fn discard_block(&mut self, id: BlockId, say: bool) {
        let Some(block) = self.blocks.get(&id) else {
            return;
        };
        let rollback = block.instance().and_then(|instance| instance.rollback);
        let children: Vec<StepKey> = block.children.iter().cloned().collect();
        for key in children {
            self.discard(&key, say);
        }
        if let Some(rollback) = rollback {
            self.discard_block(rollback, say);
        }
        self.remove_block(id);
    }
}
