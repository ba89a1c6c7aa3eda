//! The end of a block: what it gives, and what it means for its step or the execution.

use serde_json::{Map, Value};

use super::{
    ExecutionOutcome, PartStage, Progress,
    block::{Block, BlockId, BlockKind, ROOT, StopReason},
    ending::Ending,
};
use crate::{NoSecrets, template::render_map};

impl Progress {
    /// The block ends, and with it its step, or the execution.
    pub(super) fn close(&mut self, id: BlockId) {
        let ending = self.ending(id);
        if id == ROOT {
            self.outcome = Some(Self::execution_outcome(ending));
            return;
        }
        let Some(key) = self.blocks.get(&id).and_then(|block| block.unit.clone()) else {
            self.close_rollback(id, ending);
            return;
        };
        let ends_as = self
            .units
            .get_mut(&key)
            .and_then(|unit| unit.ends_as.take());
        let (ending, last_try) = ends_as.unwrap_or((ending, false));
        self.end_or_retry(&key, ending, last_try);
    }

    fn close_rollback(&mut self, id: BlockId, ending: Ending) {
        let parent = self.remove_block(id).and_then(|block| block.parent);
        let Some(instance) = parent
            .and_then(|id| self.blocks.get_mut(&id))
            .and_then(Block::instance_mut)
        else {
            return;
        };
        instance.rollback = None;
        instance
            .further_errors
            .extend(ending.error.map(|error| format!("rollback: {error}")));
        self.changed.extend(parent);
    }

    fn execution_outcome(ending: Ending) -> ExecutionOutcome {
        match ending {
            Ending {
                stage: PartStage::Cancelled,
                ..
            } => ExecutionOutcome::Cancelled,
            Ending {
                error: Some(error), ..
            } => ExecutionOutcome::Failed { error },
            Ending { output, .. } => {
                let outputs = output.and_then(|output| match output {
                    Value::Object(mut map) => map.remove("outputs"),
                    _ => None,
                });
                let outputs = match outputs {
                    Some(Value::Object(outputs)) => outputs,
                    _ => Map::new(),
                };
                ExecutionOutcome::Completed { outputs }
            }
        }
    }

    /// How a block ended, with what it gives. The outputs of its steps move there.
    pub(super) fn ending(&mut self, id: BlockId) -> Ending {
        let outputs = self.playbook_outputs(id);
        let Some(block) = self.blocks.get_mut(&id) else {
            return Ending::failed(String::new());
        };
        let (error, rollback) = match block.stop.take() {
            Some(StopReason::Cancelled) => return Ending::cancelled(),
            Some(StopReason::Failed { error, rollback }) => (Some(error), rollback),
            None => (None, false),
        };
        match &mut block.kind {
            BlockKind::Sequence { .. } | BlockKind::Parallel { .. } => {
                let output = Value::Object(std::mem::take(&mut block.outputs));
                Ending::of_block(output, error, rollback)
            }
            BlockKind::Loop {
                items,
                failed,
                first_error,
                results,
                ..
            } => {
                let list: Vec<Value> = (0..items.len())
                    .map(|index| results.remove(&index).unwrap_or_default())
                    .collect();
                let count = items.len();
                let error = first_error
                    .take()
                    .map(|error| format!("{failed} of {count} items failed: {error}"));
                let output =
                    serde_json::json!({"count": items.len(), "failed": *failed, "results": list});
                Ending::of_block(output, error, rollback)
            }
            BlockKind::Playbook(instance) => {
                let mut errors: Vec<String> = error.into_iter().collect();
                errors.append(&mut instance.further_errors);
                let outputs = outputs.unwrap_or_else(|error| {
                    errors.push(error);
                    Map::new()
                });
                let steps = instance.playbook.steps.iter();
                let executed = steps
                    .clone()
                    .filter(|step| was_executed(block.statuses.get(&step.id)))
                    .count();
                let steps: Vec<Value> = steps
                    .map(|step| {
                        let status = block.statuses.get(&step.id).cloned();
                        let status = status.unwrap_or_else(|| "pending".into());
                        serde_json::json!({"step_id": step.id, "step_name": step.name, "status": status})
                    })
                    .collect();
                let output = serde_json::json!({
                    "playbook": instance.stack.last(),
                    "status": if errors.is_empty() { "completed" } else { "failed" },
                    "steps_executed": executed,
                    "steps": steps,
                    "outputs": outputs,
                });
                let error = (!errors.is_empty()).then(|| errors.join("; "));
                Ending::of_block(output, error, rollback)
            }
        }
    }

    /// The outputs of a playbook that ends well.
    fn playbook_outputs(&self, id: BlockId) -> Result<Map<String, Value>, String> {
        let Some(block) = self.blocks.get(&id).filter(|block| block.stop.is_none()) else {
            return Ok(Map::new());
        };
        let Some(instance) = block.instance() else {
            return Ok(Map::new());
        };
        render_map(
            &instance.playbook.outputs,
            &self.block_scope(id, &NoSecrets),
        )
        .map_err(|problem| format!("`outputs`: {problem}"))
    }
}

fn was_executed(status: Option<&Value>) -> bool {
    status.is_some_and(|status| status != PartStage::Skipped.as_str())
}
