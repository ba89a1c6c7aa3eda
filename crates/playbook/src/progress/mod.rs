//! Which step is next: the plan of a playbook, and what the journal says of it.
//!
//! What has happened is a list of parts, one for each step that began. [`Progress`] is built from the plan and
//! the parts of earlier attempts, and then follows what the runner reports, each step in a time that does not
//! depend on how many there are. Everything that it knows is in the parts: [`Progress::restore`] of what
//! [`Progress::take_parts`] gave leads to the same place.

mod advance;
mod block;
mod cancel;
mod close;
mod discard;
mod ending;
mod finish;
mod open;
mod outcome;
mod part;
mod place;
mod restore;
mod scope;
mod unit;

pub(crate) use self::open::normalized;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::{Map, Value};

use self::{
    block::{Block, BlockId, BlockKind, Instance, ROOT, StopReason},
    unit::{Unit, UnitState},
};
pub use self::{
    outcome::{ExecutionOutcome, ReadyStep, StepOutcome},
    part::{EditedParameters, JournalPart, JournalProblem, PartStage, StepKey},
};

use crate::Playbook;

/// How deep playbooks may run others.
pub(crate) const MAX_DEPTH: usize = 8;

/// A playbook with all that it reaches, as it was when the execution started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle {
    /// The path of the playbook that is executed.
    pub root: String,
    /// Playbooks by their paths in the library.
    pub playbooks: BTreeMap<String, Arc<Playbook>>,
}

/// Where an execution stands.
pub struct Progress {
    bundle: Arc<Bundle>,
    blocks: HashMap<BlockId, Block>,
    by_path: HashMap<String, BlockId>,
    next_block: BlockId,
    /// Steps that are ready or have begun.
    units: HashMap<StepKey, Unit>,
    /// Blocks that may have something to do.
    changed: BTreeSet<BlockId>,
    /// Steps whose try failed and that are tried again.
    retries: Vec<StepKey>,
    parts: Vec<JournalPart>,
    next_number: i64,
    /// Counts what happens.
    clock: u64,
    /// Steps that failed; none that holds another one of them.
    failed: BTreeSet<StepKey>,
    /// Parts are read, not written.
    restoring: bool,
    outcome: Option<ExecutionOutcome>,
}

impl Progress {
    /// An execution that has not begun. The parameters are those of [`Playbook::resolve`].
    #[must_use]
    pub fn new(bundle: Arc<Bundle>, parameters: Map<String, Value>) -> Self {
        let root = bundle.playbooks.get(&bundle.root).cloned();
        let missing = root
            .is_none()
            .then(|| format!("playbook `{}` does not exist", bundle.root));
        let instance = Instance::new(
            root.unwrap_or_default(),
            vec![bundle.root.clone()],
            parameters,
        );
        let kind = BlockKind::Playbook(Box::new(instance));
        let mut block = Block::new(None, None, String::new(), kind);
        block.stop = missing.map(|error| StopReason::Failed {
            error,
            rollback: false,
        });
        Self {
            bundle,
            blocks: HashMap::from([(ROOT, block)]),
            by_path: HashMap::from([(String::new(), ROOT)]),
            next_block: ROOT + 1,
            units: HashMap::new(),
            changed: BTreeSet::from([ROOT]),
            retries: Vec::new(),
            parts: Vec::new(),
            next_number: 1,
            clock: 0,
            failed: BTreeSet::new(),
            restoring: false,
            outcome: None,
        }
    }

    /// The steps that may begin now and were not returned before. Each waits for [`Self::begun`] or
    /// [`Self::ended`].
    pub fn ready(&mut self) -> Vec<ReadyStep> {
        let mut ready = Vec::new();
        self.settle(Some(&mut ready));
        for key in std::mem::take(&mut self.retries) {
            ready.extend(self.offer(&key));
        }
        ready
    }

    /// A step that was ready begins.
    pub fn begun(&mut self, key: &StepKey) {
        self.begin(key);
        self.settle(None);
    }

    /// A try of a step ended. Of a step with inner steps: what goes on inside is stopped, nested playbooks do
    /// their `finally`, and then it ends so. When it is said again, that is not waited for.
    pub fn ended(&mut self, key: &StepKey, outcome: StepOutcome) {
        self.end_try(key, outcome);
        self.settle(None);
    }

    /// What changed in the journal since the last call, in order.
    pub fn take_parts(&mut self) -> Vec<JournalPart> {
        std::mem::take(&mut self.parts)
    }

    /// How the execution ended, if it did.
    #[must_use]
    pub fn outcome(&self) -> Option<&ExecutionOutcome> {
        self.outcome.as_ref()
    }

    /// The playbooks whose `finally` steps run: the path of these steps, and how long they may take together, in
    /// seconds.
    #[must_use]
    pub fn finally_limits(&self) -> Vec<(String, f64)> {
        if self.outcome.is_some() {
            return Vec::new();
        }
        let in_finally = self.blocks.values().filter(|block| block.in_finally());
        let limits = in_finally.filter_map(|block| {
            let limit = block.instance()?.playbook.finally_timeout_s;
            Some((block.path.clone(), limit))
        });
        limits.collect()
    }

    /// Whether a step is one of a playbook's `finally`.
    #[must_use]
    pub fn is_finally(&self, key: &StepKey) -> bool {
        let unit = self.units.get(key);
        unit.is_some_and(|unit| matches!(unit.slot, place::Slot::Finally(_)))
    }

    /// How many steps of the top level have ended.
    #[must_use]
    pub fn ended_steps(&self) -> usize {
        let root = &self.blocks[&ROOT];
        let is_main = |key: &&StepKey| {
            let unit = self.units.get(key);
            unit.is_some_and(|unit| matches!(unit.slot, place::Slot::Main(_)))
        };
        let open = root.children.iter().filter(is_main).count();
        let begun = root.instance().map_or(0, |instance| instance.next);
        begun.saturating_sub(open)
    }

    /// How many steps failed. A step that holds one of them is not counted beside it.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed.len()
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn add_block(&mut self, block: Block) -> BlockId {
        let id = self.next_block;
        self.next_block += 1;
        self.by_path.insert(block.path.clone(), id);
        self.blocks.insert(id, block);
        id
    }

    fn remove_block(&mut self, id: BlockId) -> Option<Block> {
        let block = self.blocks.remove(&id)?;
        if self.by_path.get(&block.path) == Some(&id) {
            self.by_path.remove(&block.path);
        }
        self.changed.remove(&id);
        Some(block)
    }

    /// The block of the playbook that a block belongs to.
    fn instance_of(&self, mut id: BlockId) -> BlockId {
        while let Some(block) = self.blocks.get(&id)
            && block.instance().is_none()
        {
            id = block.parent.unwrap_or(ROOT);
        }
        id
    }
}

impl std::fmt::Debug for Progress {
    /// Without values: they may be long.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let open: BTreeMap<&StepKey, UnitState> = self
            .units
            .iter()
            .map(|(key, unit)| (key, unit.state))
            .collect();
        f.debug_struct("Progress")
            .field("open", &open)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
