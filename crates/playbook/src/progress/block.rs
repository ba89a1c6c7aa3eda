//! A block: steps that are done together, one after the other or at once. The root, a group, a parallel, a
//! loop, a nested playbook and a rollback are blocks.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::StepKey;
use crate::{Playbook, Step, template::CredentialRef};

pub(super) type BlockId = usize;

/// The block of the root playbook.
pub(super) const ROOT: BlockId = 0;

pub(super) struct Block {
    /// The step that it is; nothing for the root and for rollbacks.
    pub(super) unit: Option<StepKey>,
    pub(super) parent: Option<BlockId>,
    /// The path of the steps inside.
    pub(super) path: String,
    pub(super) work: Work,
    /// The steps inside that are ready or have begun.
    pub(super) children: BTreeSet<StepKey>,
    /// Some children were interrupted and are not ready yet.
    pub(super) interrupted: bool,
    /// What the steps inside gave, by their ids.
    pub(super) outputs: Map<String, Value>,
    /// How the steps inside ended, by their ids.
    pub(super) statuses: Map<String, Value>,
    /// Why no further step begins.
    pub(super) stop: Option<Stop>,
    /// Names of loops that a rollback step sees.
    pub(super) values: Vec<(String, Value)>,
}

pub(super) enum Work {
    /// The steps of a group, or those that undo a step.
    Sequence {
        owner: Arc<Step>,
        rollback: bool,
        next: usize,
    },
    /// With the places of the steps that have not begun.
    Parallel {
        owner: Arc<Step>,
        waiting: VecDeque<usize>,
    },
    /// With the places of the items that have not begun.
    Loop {
        step: Arc<Step>,
        items: Vec<Value>,
        waiting: VecDeque<usize>,
        failed: usize,
        first_error: Option<String>,
        results: BTreeMap<usize, Value>,
    },
    Playbook(Box<Instance>),
}

/// One run of a playbook: the root, or a nested one.
pub(super) struct Instance {
    pub(super) playbook: Arc<Playbook>,
    /// The paths of the playbooks from the root to this one.
    pub(super) stack: Vec<String>,
    pub(super) parameters: Map<String, Value>,
    pub(super) credentials: BTreeMap<String, CredentialRef>,
    pub(super) variables: Map<String, Value>,
    pub(super) phase: Phase,
    pub(super) next: usize,
    pub(super) next_finally: usize,
    /// What can be undone, in the order in which it completed.
    pub(super) undo: Vec<Undo>,
    /// The rollback that goes on.
    pub(super) rollback: Option<BlockId>,
    /// Failures that came after the first, or in `finally`.
    pub(super) further_errors: Vec<String>,
}

/// A step that completed and can be undone.
pub(super) struct Undo {
    pub(super) key: StepKey,
    pub(super) step: Arc<Step>,
    pub(super) values: Vec<(String, Value)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Main,
    Rollback,
    Finally,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Failed { error: String, rollback: bool },
    Cancelled,
}

/// A place in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Main(usize),
    Finally(usize),
}

impl Slot {
    pub(super) fn index(self) -> usize {
        match self {
            Self::Main(index) | Self::Finally(index) => index,
        }
    }
}

impl Instance {
    pub(super) fn new(
        playbook: Arc<Playbook>,
        stack: Vec<String>,
        parameters: Map<String, Value>,
    ) -> Self {
        Self {
            credentials: crate::template::credential_refs(&playbook, &parameters),
            playbook,
            stack,
            parameters,
            variables: Map::new(),
            phase: Phase::Main,
            next: 0,
            next_finally: 0,
            undo: Vec::new(),
            rollback: None,
            further_errors: Vec::new(),
        }
    }
}

impl Block {
    pub(super) fn new(
        unit: Option<StepKey>,
        parent: Option<BlockId>,
        path: String,
        work: Work,
    ) -> Self {
        Self {
            unit,
            parent,
            path,
            work,
            children: BTreeSet::new(),
            interrupted: false,
            outputs: Map::new(),
            statuses: Map::new(),
            stop: None,
            values: Vec::new(),
        }
    }

    pub(super) fn instance(&self) -> Option<&Instance> {
        match &self.work {
            Work::Playbook(instance) => Some(instance),
            Work::Sequence { .. } | Work::Parallel { .. } | Work::Loop { .. } => None,
        }
    }

    pub(super) fn instance_mut(&mut self) -> Option<&mut Instance> {
        match &mut self.work {
            Work::Playbook(instance) => Some(instance),
            Work::Sequence { .. } | Work::Parallel { .. } | Work::Loop { .. } => None,
        }
    }

    pub(super) fn in_finally(&self) -> bool {
        self.instance()
            .is_some_and(|instance| instance.phase == Phase::Finally)
    }

    /// Whether something inside goes on.
    pub(super) fn is_busy(&self) -> bool {
        !self.children.is_empty()
            || self
                .instance()
                .is_some_and(|instance| instance.rollback.is_some())
    }

    /// The steps of a place's list.
    fn steps(&self, slot: Slot) -> &[Arc<Step>] {
        match (&self.work, slot) {
            (
                Work::Sequence {
                    owner,
                    rollback: true,
                    ..
                },
                _,
            ) => &owner.rollback,
            (Work::Sequence { owner, .. } | Work::Parallel { owner, .. }, _) => &owner.steps,
            (Work::Loop { step, .. }, _) => std::slice::from_ref(step),
            (Work::Playbook(instance), Slot::Main(_)) => &instance.playbook.steps,
            (Work::Playbook(instance), Slot::Finally(_)) => &instance.playbook.finally,
        }
    }

    /// The step at a place, and its key.
    pub(super) fn at(&self, slot: Slot) -> Option<(Arc<Step>, StepKey)> {
        let key = |name: String| StepKey {
            path: self.path.clone(),
            name,
        };
        if let Work::Loop { step, items, .. } = &self.work {
            let index = slot.index();
            return (index < items.len()).then(|| (step.clone(), key(index.to_string())));
        }
        let step = self.steps(slot).get(slot.index())?;
        Some((step.clone(), key(step.id.clone())))
    }

    /// Whether a step inside is one pass of a loop.
    pub(super) fn is_loop(&self) -> bool {
        matches!(self.work, Work::Loop { .. })
    }

    /// The place of the next step, if one may begin now.
    pub(super) fn next(&self) -> Option<Slot> {
        let goes_on = self.stop.is_none();
        let slot = match &self.work {
            Work::Sequence { next, .. } => {
                (goes_on && !self.is_busy()).then_some(Slot::Main(*next))
            }
            Work::Parallel { waiting, .. } => waiting
                .front()
                .filter(|_| goes_on)
                .map(|index| Slot::Main(*index)),
            Work::Loop { step, waiting, .. } => {
                let most = step
                    .for_each
                    .as_ref()
                    .map_or(1, |for_each| for_each.concurrency);
                let room = goes_on && self.children.len() < most;
                waiting
                    .front()
                    .filter(|_| room)
                    .map(|index| Slot::Main(*index))
            }
            Work::Playbook(instance) => match instance.phase {
                _ if self.is_busy() => None,
                Phase::Main => goes_on.then_some(Slot::Main(instance.next)),
                Phase::Rollback => None,
                Phase::Finally => Some(Slot::Finally(instance.next_finally)),
            },
        };
        slot.filter(|slot| self.at(*slot).is_some())
    }

    /// The place of a step by its name.
    pub(super) fn locate(&self, name: &str) -> Option<Slot> {
        let position = |slot: Slot| {
            let steps = self.steps(slot);
            // It is nearly always the next one.
            let next = steps
                .get(slot.index())
                .filter(|step| step.id == name)
                .map(|_| slot.index());
            next.or_else(|| steps.iter().position(|step| step.id == name))
        };
        match &self.work {
            Work::Loop { items, .. } => name
                .parse()
                .ok()
                .filter(|index| *index < items.len())
                .map(Slot::Main),
            Work::Sequence { next, .. } => position(Slot::Main(*next)).map(Slot::Main),
            Work::Parallel { waiting, .. } => {
                position(Slot::Main(waiting.front().copied().unwrap_or(0))).map(Slot::Main)
            }
            Work::Playbook(instance) => {
                let main = position(Slot::Main(instance.next)).map(Slot::Main);
                main.or_else(|| position(Slot::Finally(instance.next_finally)).map(Slot::Finally))
            }
        }
    }

    /// Moves on past a place whose step begins or is skipped. When that step was done before, what came from it
    /// on is to be forgotten: returns the ids of those steps.
    pub(super) fn take(&mut self, slot: Slot) -> Vec<String> {
        let index = slot.index();
        let mut again = 0..0;
        match (&mut self.work, slot) {
            (Work::Sequence { next, .. }, _) => {
                again = index..*next;
                *next = index + 1;
            }
            (Work::Parallel { waiting, .. } | Work::Loop { waiting, .. }, _) => {
                match waiting.iter().position(|w| *w == index) {
                    Some(at) => drop(waiting.remove(at)),
                    None => again = index..index + 1,
                }
            }
            (Work::Playbook(instance), Slot::Main(_)) => {
                again = index..instance.next;
                instance.next = index + 1;
                if instance.phase != Phase::Main {
                    instance.phase = Phase::Main;
                    instance.next_finally = 0;
                    instance.further_errors.clear();
                }
            }
            (Work::Playbook(instance), Slot::Finally(_)) => {
                again = index..instance.next_finally;
                instance.phase = Phase::Finally;
                instance.next_finally = index + 1;
            }
        }
        if again.is_empty() {
            return Vec::new();
        }
        if matches!(slot, Slot::Main(_)) {
            self.stop = None;
        }
        let again = again.filter_map(|index| match slot {
            Slot::Main(_) => self.at(Slot::Main(index)),
            Slot::Finally(_) => self.at(Slot::Finally(index)),
        });
        again.map(|(_, key)| key.name).collect()
    }
}
