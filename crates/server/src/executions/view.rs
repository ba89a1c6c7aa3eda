//! Executions as bodies.

use engine::{Kind, State};
use wire::{
    Timestamp,
    playbooks::{Execution, PlaybookStep, StepBody, StepResult, StepStatus},
};

use super::{
    header::Header,
    loaded::{LoadedExecution, LoadedStep},
};
use crate::kinds;

/// An execution with the steps that were loaded.
pub(crate) fn execution(loaded: LoadedExecution) -> Execution {
    let LoadedExecution {
        run,
        header,
        reported,
        error,
        steps,
        omitted,
    } = loaded;
    let step_results = if omitted == 0 {
        in_order(&header, steps)
    } else {
        steps
            .into_iter()
            .map(|step| result(&header, step))
            .collect()
    };
    let (waiting_for, completed_at) = match run.state {
        State::Waiting(wait) => (Some(wait.reason.as_str().to_owned()), None),
        State::Done { at, .. } => (None, Some(Timestamp(at))),
        _ => (None, None),
    };
    let fixed = &header.fixed;
    Execution {
        execution_id: run.id.to_string(),
        playbook_name: run.name.clone(),
        playbook_path: fixed.playbook_path.clone(),
        status: kinds::of(Kind::Execution).word(&run.state).to_owned(),
        waiting_for,
        started_at: Timestamp(run.created_at),
        completed_at,
        current_step_index: reported.ended_steps,
        total_steps: fixed.steps.len(),
        error,
        failures: reported.failures,
        debug_mode: fixed.debug_mode,
        domain: fixed.domain.clone(),
        step_results,
        omitted_steps: Some(omitted).filter(|omitted| *omitted > 0),
    }
}

/// The steps at the top level in the order of the playbook, each followed by the steps within it that began;
/// then what is no step of it, such as what runs at the end.
fn in_order(header: &Header, steps: Vec<LoadedStep>) -> Vec<StepResult> {
    let planned = &header.fixed.steps;
    let mut of_step: Vec<Vec<StepResult>> = planned.iter().map(|_| Vec::new()).collect();
    let mut others = Vec::new();
    for step in steps {
        let top = match step.row.path.split_once('/') {
            _ if step.row.path.is_empty() => &step.row.name,
            Some((top, _)) => top,
            None => &step.row.path,
        };
        match header.places.get(top) {
            Some(place) => of_step[*place].push(result(header, step)),
            None => others.push(result(header, step)),
        }
    }
    let mut results = Vec::with_capacity(planned.len());
    for (step, mut begun) in planned.iter().zip(of_step) {
        if begun.is_empty() {
            results.push(pending(step));
        }
        results.append(&mut begun);
    }
    results.append(&mut others);
    results
}

/// A step that began.
fn result(header: &Header, step: LoadedStep) -> StepResult {
    let LoadedStep { row, body } = step;
    // An interrupted step runs again when the execution goes on.
    let is_ended = row.stage.is_end() && row.stage != engine::Stage::Interrupted;
    let output_omitted = is_ended && body.is_none();
    let body = body.unwrap_or_else(|| planned_body(header, &row));
    StepResult {
        step_id: row.name,
        step_name: body.name,
        status: StepStatus::from(wire::executors::Stage::from(row.stage)),
        started_at: Some(Timestamp(row.started_at)),
        completed_at: row.ended_at.filter(|_| is_ended).map(Timestamp),
        error: body.error,
        output: body.output,
        kind: Some(body.kind).filter(|kind| !kind.is_empty()),
        path: row.path,
        tries: row.tries,
        output_omitted,
    }
}

/// What is known of a step whose body was not read.
fn planned_body(header: &Header, row: &store::runs::PartRow) -> StepBody {
    let place = header.places.get(&row.name);
    let planned = place.filter(|_| row.path.is_empty());
    let (name, kind) = match planned.map(|place| &header.fixed.steps[*place]) {
        Some(step) => (step.name.clone(), step.kind.clone()),
        None => (row.name.clone(), String::new()),
    };
    StepBody {
        name,
        kind,
        ..StepBody::default()
    }
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
        output_omitted: false,
    }
}
