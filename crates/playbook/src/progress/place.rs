//! Places in a block: which step is at one, which comes next, and what it means to go past one.

use std::sync::Arc;

use super::{
    StepKey,
    block::{Block, BlockKind, Phase},
};
use crate::Step;

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

impl Block {
    /// The steps of a place's list.
    fn steps(&self, slot: Slot) -> &[Arc<Step>] {
        match (&self.kind, slot) {
            (
                BlockKind::Sequence {
                    owner,
                    rollback: true,
                    ..
                },
                _,
            ) => &owner.rollback,
            (BlockKind::Sequence { owner, .. } | BlockKind::Parallel { owner, .. }, _) => {
                &owner.steps
            }
            (BlockKind::Loop { step, .. }, _) => std::slice::from_ref(step),
            (BlockKind::Playbook(instance), Slot::Main(_)) => &instance.playbook.steps,
            (BlockKind::Playbook(instance), Slot::Finally(_)) => &instance.playbook.finally,
        }
    }

    /// The step at a place, and its key.
    pub(super) fn at(&self, slot: Slot) -> Option<(Arc<Step>, StepKey)> {
        let key = |name: String| StepKey {
            path: self.path.clone(),
            name,
        };
        if let BlockKind::Loop { step, items, .. } = &self.kind {
            let index = slot.index();
            return (index < items.len()).then(|| (step.clone(), key(index.to_string())));
        }
        let step = self.steps(slot).get(slot.index())?;
        Some((step.clone(), key(step.id.clone())))
    }

    /// Whether a step inside is one pass of a loop.
    pub(super) fn is_loop(&self) -> bool {
        matches!(self.kind, BlockKind::Loop { .. })
    }

    /// The place of the next step, if one may begin now.
    pub(super) fn next(&self) -> Option<Slot> {
        let goes_on = self.stop.is_none();
        let slot = match &self.kind {
            BlockKind::Sequence { next, .. } => {
                (goes_on && !self.is_busy()).then_some(Slot::Main(*next))
            }
            BlockKind::Parallel { waiting, .. } => waiting
                .front()
                .filter(|_| goes_on)
                .map(|index| Slot::Main(*index)),
            BlockKind::Loop { step, waiting, .. } => {
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
            BlockKind::Playbook(instance) => match instance.phase {
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
        match &self.kind {
            BlockKind::Loop { items, .. } => name
                .parse()
                .ok()
                .filter(|index| *index < items.len())
                .map(Slot::Main),
            BlockKind::Sequence { next, .. } => position(Slot::Main(*next)).map(Slot::Main),
            BlockKind::Parallel { waiting, .. } => {
                position(Slot::Main(waiting.front().copied().unwrap_or(0))).map(Slot::Main)
            }
            BlockKind::Playbook(instance) => {
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
        match (&mut self.kind, slot) {
            (BlockKind::Sequence { next, .. }, _) => {
                again = index..*next;
                *next = index + 1;
            }
            (BlockKind::Parallel { waiting, .. } | BlockKind::Loop { waiting, .. }, _) => {
                match waiting.iter().position(|w| *w == index) {
                    Some(at) => drop(waiting.remove(at)),
                    None => again = index..index + 1,
                }
            }
            (BlockKind::Playbook(instance), Slot::Main(_)) => {
                again = index..instance.next;
                instance.next = index + 1;
                if instance.phase != Phase::Main {
                    instance.phase = Phase::Main;
                    instance.next_finally = 0;
                    instance.further_errors.clear();
                }
            }
            (BlockKind::Playbook(instance), Slot::Finally(_)) => {
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

    /// Whether its steps come one after the other.
    pub(super) fn is_in_order(&self) -> bool {
        matches!(
            self.kind,
            BlockKind::Sequence {
                rollback: false,
                ..
            } | BlockKind::Playbook(_)
        )
    }

    /// The place of the step that comes next.
    pub(super) fn reached(&self, slot: Slot) -> usize {
        match (&self.kind, slot) {
            (BlockKind::Sequence { next, .. }, _) => *next,
            (BlockKind::Playbook(instance), Slot::Main(_)) => instance.next,
            (BlockKind::Playbook(instance), Slot::Finally(_)) => instance.next_finally,
            (BlockKind::Parallel { .. } | BlockKind::Loop { .. }, _) => 0,
        }
    }

    /// The step at a place has not begun after all.
    pub(super) fn put_back(&mut self, slot: Slot) {
        let index = slot.index();
        match (&mut self.kind, slot) {
            (BlockKind::Sequence { next, .. }, _) => *next = index,
            (BlockKind::Playbook(instance), Slot::Main(_)) => instance.next = index,
            (BlockKind::Playbook(instance), Slot::Finally(_)) => instance.next_finally = index,
            (BlockKind::Parallel { .. } | BlockKind::Loop { .. }, _) => {}
        }
    }
}
