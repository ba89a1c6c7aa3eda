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
    pub(super) kind: BlockKind,
    /// The steps inside that are ready or have begun.
    pub(super) children: BTreeSet<StepKey>,
    /// Some children were interrupted and are not ready yet.
    pub(super) interrupted: bool,
    /// What the steps inside gave, by their ids.
    pub(super) outputs: Map<String, Value>,
    /// How the steps inside ended, by their ids.
    pub(super) statuses: Map<String, Value>,
    /// Why no further step begins.
    pub(super) stop: Option<StopReason>,
    /// Names of loops that a rollback step sees.
    pub(super) values: Vec<(String, Value)>,
}

pub(super) enum BlockKind {
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
pub(super) enum StopReason {
    Failed { error: String, rollback: bool },
    Cancelled,
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

    pub(super) fn set_parameters(&mut self, parameters: Map<String, Value>) {
        self.credentials = crate::template::credential_refs(&self.playbook, &parameters);
        self.parameters = parameters;
    }
}

impl Block {
    pub(super) fn new(
        unit: Option<StepKey>,
        parent: Option<BlockId>,
        path: String,
        kind: BlockKind,
    ) -> Self {
        Self {
            unit,
            parent,
            path,
            kind,
            children: BTreeSet::new(),
            interrupted: false,
            outputs: Map::new(),
            statuses: Map::new(),
            stop: None,
            values: Vec::new(),
        }
    }

    pub(super) fn instance(&self) -> Option<&Instance> {
        match &self.kind {
            BlockKind::Playbook(instance) => Some(instance),
            BlockKind::Sequence { .. } | BlockKind::Parallel { .. } | BlockKind::Loop { .. } => {
                None
            }
        }
    }

    pub(super) fn instance_mut(&mut self) -> Option<&mut Instance> {
        match &mut self.kind {
            BlockKind::Playbook(instance) => Some(instance),
            BlockKind::Sequence { .. } | BlockKind::Parallel { .. } | BlockKind::Loop { .. } => {
                None
            }
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
}
