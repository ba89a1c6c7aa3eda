//! Values of step parameters that stand in the playbook as they are: do they fit the table of step types?

use serde_json::Value;

use crate::{
    Playbook, Problem, Step, StepParameter, resolve, step_type,
    template::{Piece, ROOTS, pieces},
};

pub(super) fn check(playbook: &Playbook) -> Vec<Problem> {
    playbook
        .all_steps()
        .flat_map(|step| of_step(step))
        .collect()
}

fn of_step(step: &Step) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |message: String| {
        problems.push(Problem::warning(
            step.at,
            format!("step `{}`: {message}", step.id),
        ));
    };
    if let Some(for_each) = &step.for_each
        && (ROOTS.contains(&for_each.name.as_str()) || for_each.name == "index")
    {
        report(format!(
            "its loop calls the item `{}`, which hides another name",
            for_each.name
        ));
    }
    let known = step_type(&step.kind).map_or(&[][..], |step_type| step_type.parameters);
    for parameter in known {
        if let Some(value) = step
            .parameters
            .get(parameter.name)
            .filter(|value| is_literal(value))
        {
            report_unfit(parameter, value, &mut report);
        }
    }
    problems
}

fn report_unfit(parameter: &StepParameter, value: &Value, report: &mut impl FnMut(String)) {
    let name = parameter.name;
    if let (Some(text), false) = (value.as_str(), parameter.options.is_empty())
        && !parameter.options.contains(&text)
    {
        let options = parameter.options.join(", ");
        let hint = crate::suggest::did_you_mean(text, parameter.options.iter().copied());
        report(format!("`{name}` is one of {options}, not `{text}`{hint}"));
        return;
    }
    let fits = match parameter.kind {
        "integer" | "float" => resolve::number(value).is_some(),
        "boolean" => resolve::boolean(value).is_some(),
        "list" => value.is_array(),
        "dict" => value.is_object(),
        "string" | "selector" | "file" => !value.is_array() && !value.is_object(),
        _ => true,
    };
    if !fits && !value.is_null() {
        let kind = if parameter.kind == "selector" {
            "string"
        } else {
            parameter.kind
        };
        report(format!("`{name}` must be of type {kind}"));
    }
}

/// Whether a value holds no template at its top.
fn is_literal(value: &Value) -> bool {
    value.as_str().is_none_or(|text| {
        pieces(text)
            .iter()
            .all(|piece| matches!(piece, Piece::Text(_)))
    })
}
