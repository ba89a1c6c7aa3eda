//! What the steps of an execution are called.

use std::collections::{BTreeMap, HashMap};

use playbook::{Bundle, StepKey};
use serde_json::Value;

/// What a step is called, and what it does.
#[derive(Clone, Debug, Default)]
pub(super) struct Title {
    pub(super) name: String,
    pub(super) kind: String,
}

impl Title {
    /// What an earlier attempt wrote into a part.
    pub(super) fn read(body: &Value) -> Option<Self> {
        let text = |name| Some(body.get(name)?.as_str()?.to_owned());
        Some(Self {
            name: text("name")?,
            kind: text("type")?,
        })
    }
}

/// The titles of all steps.
#[derive(Default)]
pub(super) struct Titles {
    /// Of those that have begun.
    begun: BTreeMap<StepKey, Title>,
    /// Of all, by their ids: what never begins has no other.
    planned: HashMap<String, Title>,
}

impl Titles {
    pub(super) fn new(bundle: &Bundle) -> Self {
        let root = bundle.playbooks.get(&bundle.root);
        let steps = root.into_iter().chain(bundle.playbooks.values());
        let mut planned = HashMap::new();
        for step in steps.flat_map(|playbook| playbook.all_steps()) {
            planned.entry(step.id.clone()).or_insert_with(|| Title {
                name: step.name.clone(),
                kind: step.kind.clone(),
            });
        }
        Self {
            begun: BTreeMap::new(),
            planned,
        }
    }

    pub(super) fn begins(&mut self, key: StepKey, title: Title) {
        self.begun.insert(key, title);
    }

    pub(super) fn ended(&mut self, key: &StepKey) {
        self.begun.remove(key);
    }

    pub(super) fn of(&self, key: &StepKey) -> Title {
        let known = self.begun.get(key).or_else(|| self.planned.get(&key.name));
        known.cloned().unwrap_or_else(|| Title {
            name: key.name.clone(),
            kind: String::new(),
        })
    }
}
