//! Executions as bodies.

use std::collections::HashMap;

use engine::{Kind, State};
use wire::{
    Timestamp,
    playbooks::{Execution, PlaybookStep, StepResult, StepStatus},
};

use super::loaded::{LoadedExecution, LoadedStep};
use crate::kinds;

/// An execution with every step.
pub(crate) fn execution(loaded: LoadedExecution) -> Execution {
    let LoadedExecution {
        details,
        input,
        parts,
    } = loaded;
    let run = details.run.clone();
    let failures = parts
        .iter()
        .filter(|step| step.row.stage == engine::Stage::Failed)
        .count();
    let total_steps = input.steps.len();
    let step_results = step_results(&input.steps, parts);
    let is_planned = |step: &&StepResult| {
        step.path.is_empty() && input.steps.iter().any(|planned| planned.id == step.step_id)
    };
    let ended = step_results.iter().filter(is_planned);
    let ended = ended.filter(|step| step.completed_at.is_some());
    let current_step_index = ended.count();
    let (waiting_for, completed_at) = match run.state {
        State::Waiting(wait) => (Some(wait.reason.as_str().to_owned()), None),
        State::Done { at, .. } => (None, Some(Timestamp(at))),
        _ => (None, None),
    };
    Execution {
        execution_id: run.id.to_string(),
        playbook_name: run.name.clone(),
        playbook_path: input.playbook_path,
        status: kinds::of(Kind::Execution).word(&run.state).to_owned(),
        waiting_for,
        started_at: Timestamp(run.created_at),
        completed_at,
        current_step_index,
        total_steps,
        error: details.reported_or_lost().error,
        failures,
        debug_mode: input.debug_mode,
        domain: input.domain,
        step_results,
    }
}

/// The steps at the top level in the order of the playbook, each followed by the steps within it that began;
/// then what is no step of it, such as what runs at the end.
fn step_results(planned: &[PlaybookStep], parts: Vec<LoadedStep>) -> Vec<StepResult> {
    let mut of_step: HashMap<String, Vec<StepResult>> = HashMap::new();
    let mut others = Vec::new();
    for part in parts {
        let LoadedStep { row, body } = part;
        let top = match row.path.split_once('/') {
            _ if row.path.is_empty() => row.name.clone(),
            Some((top, _)) => top.to_owned(),
            None => row.path.clone(),
        };
        // An interrupted step runs again when the execution goes on.
        let is_ended = row.stage.is_end() && row.stage != engine::Stage::Interrupted;
        let result = StepResult {
            step_id: row.name,
            step_name: body.name,
            status: StepStatus::from(wire::executors::Stage::from(row.stage)),
            started_at: Some(Timestamp(row.started_at)),
            completed_at: row.ended_at.filter(|_| is_ended).map(Timestamp),
            error: body.error,
            output: body.output,
            kind: Some(body.kind),
            path: row.path,
            tries: row.tries,
        };
        if planned.iter().any(|step| step.id == top) {
            of_step.entry(top).or_default().push(result);
        } else {
            others.push(result);
        }
    }
    let mut results = Vec::with_capacity(planned.len());
    for step in planned {
        match of_step.remove(&step.id) {
            Some(begun) => results.extend(begun),
            None => results.push(pending(step)),
        }
    }
    results.extend(others);
    results
}

fn pending(step: &PlaybookStep) -> StepResult {
    StepResult {
        step_id: step.id.clone(),
        step_name: step.name.clone(),
        status: StepStatus::Pending,
        started_at: None,
        completed_at: None,
        error: None,
        output: None,
        kind: None,
        path: String::new(),
        tries: 0,
    }
}
