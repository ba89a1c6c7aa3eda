//! What templates of a step see.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Progress, StepKey,
    block::{BlockId, BlockKind},
    place::Slot,
    unit::Unit,
};
use crate::{
    NoSecrets, RenderProblem, Scope, Secrets, Step, check::referred, render, render_text,
    step_type, steps::with_defaults,
};

impl Progress {
    /// What the templates of a step see.
    #[must_use]
    pub fn scope<'a>(&'a self, key: &StepKey, secrets: &'a dyn Secrets) -> Scope<'a> {
        let Some((_, block, slot)) = self.located(key) else {
            return self.block_scope(super::ROOT, secrets);
        };
        let mut scope = self.block_scope(block, secrets);
        scope.values.extend(self.loop_values(block, slot));
        scope
    }

    /// A step that is ready, has begun or has ended.
    #[must_use]
    pub fn step(&self, key: &StepKey) -> Option<Arc<Step>> {
        self.located(key).map(|(step, _, _)| step)
    }

    /// A step, and its place. It may have ended, as long as what it is inside of has not.
    fn located(&self, key: &StepKey) -> Option<(Arc<Step>, BlockId, Slot)> {
        if let Some(unit) = self.units.get(key) {
            return Some((unit.step.clone(), unit.block, unit.slot));
        }
        let id = *self.by_path.get(&key.path)?;
        let block = self.blocks.get(&id)?;
        let slot = block.locate(&key.name)?;
        let (step, _) = block.at(slot)?;
        Some((step, id, slot))
    }

    /// The credentials that a step's parameters refer to: what to fetch before [`Self::parameters`].
    #[must_use]
    pub fn credentials(&self, key: &StepKey) -> BTreeSet<String> {
        let scope = self.scope(key, &NoSecrets);
        let Some((step, _, _)) = self.located(key) else {
            return BTreeSet::new();
        };
        let references = referred(&step).into_iter();
        references
            .filter_map(|reference| reference.credential(&scope))
            .collect()
    }

    /// The parameters of a step that is ready, has begun or has ended, rendered, with the defaults of its type. Expressions stay as they are: see
    /// [`evaluate`](crate::evaluate).
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn parameters(
        &self,
        key: &StepKey,
        secrets: &dyn Secrets,
    ) -> Result<Map<String, Value>, RenderProblem> {
        let Some((step, _, _)) = self.located(key) else {
            return Ok(Map::new());
        };
        let scope = self.scope(key, secrets);
        let kind = step.kind.as_str();
        let how = |name: &str| {
            step_type(kind)?
                .parameter(name)
                .map(|parameter| parameter.kind)
        };
        let mut rendered = Map::new();
        for (name, value) in &step.parameters {
            let value = match (how(name), value) {
                (Some("expression"), _) => Ok(value.clone()),
                (Some("template"), Value::String(text)) => {
                    render_text(text, &scope).map(Value::String)
                }
                _ => render(value, &scope),
            };
            let named = |problem: RenderProblem| RenderProblem {
                message: format!("parameter `{name}`: {}", problem.message),
                ..problem
            };
            rendered.insert(name.clone(), value.map_err(named)?);
        }
        Ok(with_defaults(kind, rendered))
    }

    /// What a template at the end of a block sees.
    pub(super) fn block_scope<'a>(&'a self, id: BlockId, secrets: &'a dyn Secrets) -> Scope<'a> {
        let (mut outputs, mut statuses, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = Some(id);
        while let Some(block) = next.and_then(|id| self.blocks.get(&id)) {
            if !block.is_loop() {
                outputs.push(&block.outputs);
                statuses.push(&block.statuses);
            }
            let kept = block.values.iter().rev();
            values.extend(kept.map(|(name, value)| (Cow::from(name), Cow::Borrowed(value))));
            // What is outside of the playbook is not seen.
            if block.instance().is_some() {
                break;
            }
            if let Some(unit) = block.unit.as_ref().and_then(|key| self.units.get(key)) {
                values.extend(self.loop_values(unit.block, unit.slot).into_iter().rev());
            }
            next = block.parent;
        }
        values.reverse();
        let instance = &self.blocks[&self.instance_of(id)];
        let instance = instance.instance().expect("the block of a playbook");
        Scope {
            parameters: Cow::Borrowed(&instance.parameters),
            credentials: Cow::Borrowed(&instance.credentials),
            variables: Cow::Borrowed(&instance.variables),
            outputs,
            statuses,
            values,
            secrets,
        }
    }

    /// What the loop of a step that is one pass of it names.
    fn loop_values(&self, block: BlockId, slot: Slot) -> Vec<(Cow<'_, str>, Cow<'_, Value>)> {
        let Some(BlockKind::Loop { step, items, .. }) =
            self.blocks.get(&block).map(|block| &block.kind)
        else {
            return Vec::new();
        };
        let index = slot.index();
        let Some(item) = items.get(index) else {
            return Vec::new();
        };
        let name = step
            .for_each
            .as_ref()
            .map_or("item", |for_each| for_each.name.as_str());
        let mut values = vec![
            (Cow::from("index"), Cow::Owned(Value::from(index))),
            (Cow::from("item"), Cow::Borrowed(item)),
        ];
        if name != "item" {
            values.push((Cow::Owned(name.to_owned()), Cow::Borrowed(item)));
        }
        values
    }

    /// The names of all loops around a step, for its rollback.
    pub(super) fn values_of(&self, unit: &Unit) -> Vec<(String, Value)> {
        let mut scope = self.block_scope(unit.block, &NoSecrets);
        scope.values.extend(self.loop_values(unit.block, unit.slot));
        let values = scope.values.into_iter();
        values
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }
}
