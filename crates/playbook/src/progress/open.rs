//! What a step with inner steps does when it begins: the items of its loop, the playbook that it runs.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    MAX_DEPTH, Progress, StepKey,
    block::{Block, BlockKind, Instance},
};
use crate::{
    ForEach, NoSecrets, Reference, Step, credential_marker, render,
    template::{CredentialRef, Piece, pieces, roots_of},
};

impl Progress {
    /// Opens the block of a step that begins.
    pub(super) fn open(&mut self, key: &StepKey) -> Result<(), String> {
        let Some(unit) = self.units.get(key) else {
            return Ok(());
        };
        let (step, parent) = (unit.step.clone(), unit.block);
        let kind = match (&step.for_each, step.kind.as_str()) {
            (Some(for_each), _) if unit.is_loop() => self.items(key, &step, for_each)?,
            (_, "parallel") => BlockKind::Parallel {
                waiting: (0..step.steps.len()).collect(),
                owner: step,
            },
            (_, "group") => BlockKind::Sequence {
                owner: step,
                rollback: false,
                next: 0,
            },
            _ => BlockKind::Playbook(Box::new(self.nested(key, &step)?)),
        };
        let block = Block::new(Some(key.clone()), Some(parent), key.inside(), kind);
        let id = self.add_block(block);
        if let Some(unit) = self.units.get_mut(key) {
            unit.inner = Some(id);
        }
        self.changed.insert(id);
        Ok(())
    }

    fn items(
        &self,
        key: &StepKey,
        step: &Arc<Step>,
        for_each: &ForEach,
    ) -> Result<BlockKind, String> {
        let rendered = render(&for_each.items, &self.scope(key, &NoSecrets))
            .map_err(|problem| format!("`for_each`: {problem}"))?;
        let items = match rendered {
            Value::Array(items) => items,
            Value::Object(map) => {
                let entries = map.into_iter();
                entries
                    .map(|(key, value)| serde_json::json!({"key": key, "value": value}))
                    .collect()
            }
            other => return Err(format!("`for_each` must give a list or a map, not {other}")),
        };
        Ok(BlockKind::Loop {
            step: step.clone(),
            waiting: (0..items.len()).collect(),
            items,
            failed: 0,
            first_error: None,
            results: std::collections::BTreeMap::new(),
        })
    }

    /// The playbook that a `playbook.run` step runs, with its parameters.
    fn nested(&self, key: &StepKey, step: &Step) -> Result<Instance, String> {
        let scope = self.scope(key, &NoSecrets);
        let given = step
            .parameters
            .get("playbook")
            .ok_or("it needs the parameter `playbook`")?;
        let path = render(given, &scope).map_err(|problem| problem.to_string())?;
        let path = path
            .as_str()
            .ok_or("`playbook` must be the path of a playbook")?;
        let path = normalized(path);
        let playbook = self.bundle.playbooks.get(&path).ok_or_else(|| {
            format!("playbook `{path}` does not exist, or is not among those that the execution started with")
        })?;
        let parent = &self.blocks[&self.instance_of(self.units[key].block)];
        let mut stack = parent
            .instance()
            .map(|instance| instance.stack.clone())
            .unwrap_or_default();
        if stack.len() > MAX_DEPTH {
            return Err(format!(
                "playbooks run each other more than {MAX_DEPTH} levels deep"
            ));
        }
        stack.push(path);
        let (mut supplied, mut filled) = (Map::new(), Map::new());
        for (name, value) in step
            .parameters
            .iter()
            .filter(|(name, _)| *name != "playbook")
        {
            if let Some(marker) = passed_credential(value, &scope) {
                filled.insert(name.clone(), marker);
                continue;
            }
            let value = render(value, &scope).map_err(|problem| match problem.missing_credential {
                None => format!("parameter `{name}`: {problem}"),
                Some(credential) => format!(
                    "parameter `{name}`: the credential `{credential}` can be passed on as a whole value \
                     only, not within other text or an expression"
                ),
            })?;
            supplied.insert(name.clone(), value);
        }
        let resolved = playbook
            .resolve_with(&supplied, &filled)
            .map_err(|problems| {
                let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
                messages.join("; ")
            })?;
        Ok(Instance::new(playbook.clone(), stack, resolved))
    }
}

/// A path as the library writes it.
pub(crate) fn normalized(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    path.trim_start_matches("./").to_owned()
}

/// A credential, or one of its fields, that a value hands on without looking at it.
fn passed_credential(value: &Value, scope: &crate::Scope<'_>) -> Option<Value> {
    let pieces = pieces(value.as_str()?);
    let [Piece::Reference(names)] = pieces.as_slice() else {
        return None;
    };
    let Reference { root, path } = Reference::of(names);
    let (first, rest) = path.split_first()?;
    let is_local = root.is_empty() && scope.value(first).is_some();
    let known = match root.as_str() {
        "credential" => CredentialRef {
            name: first.clone(),
            field: None,
        },
        "" | "parameter" if !is_local => scope.credentials.get(first)?.clone(),
        _ => return None,
    };
    match (known.field.as_deref(), rest) {
        (field, []) => Some(credential_marker(&known.name, field)),
        (None, [field]) => Some(credential_marker(&known.name, Some(field))),
        _ => None,
    }
}

/// Whether a condition of a loop is about its items.
pub(super) fn uses_item(step: &Step, when: &str) -> bool {
    let Some(for_each) = &step.for_each else {
        return false;
    };
    let of_loop = ["item", "index", for_each.name.as_str()];
    roots_of(when)
        .iter()
        .any(|root| of_loop.contains(&root.as_str()))
}
