//! The reference of step types, from the table in `playbook`.

use std::fmt::Write;

use playbook::{StepParameter, StepType, step_types};

const INTRODUCTION: &str = "\
# Step types

Made from the code by `cargo xtask generate`; [playbooks.md](playbooks.md) describes the rest of the
language. A parameter in bold is needed.
";

pub(crate) fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut domain = "";
    for step in step_types() {
        if step.domain() != domain {
            domain = step.domain();
            let _ = write!(text, "\n## {domain}\n");
        }
        section(&mut text, step);
    }
    text
}

fn section(text: &mut String, step: &StepType) {
    let _ = write!(text, "\n### `{}`\n\n{}\n", step.name, step.description);
    if let Some(note) = step.note {
        let _ = write!(text, "\n{note}\n");
    }
    if !step.parameters.is_empty() {
        text.push_str("\n| parameter | type | default | |\n|---|---|---|---|\n");
        for parameter in step.parameters {
            row(text, parameter);
        }
    }
    if !step.outputs.is_empty() {
        text.push_str("\n| output | type | |\n|---|---|---|\n");
        for output in step.outputs {
            let description = cell(output.description);
            let _ = writeln!(
                text,
                "| `{}` | {} | {description} |",
                output.name, output.kind
            );
        }
    }
}

fn row(text: &mut String, parameter: &StepParameter) {
    let name = match parameter.required {
        true => format!("**`{}`**", parameter.name),
        false => format!("`{}`", parameter.name),
    };
    let unit = parameter
        .unit
        .map(|unit| format!(", {unit}"))
        .unwrap_or_default();
    let default = parameter
        .default
        .map(|default| format!("`{}`", cell(default)));
    let options = match parameter.options {
        [] => String::new(),
        options => format!(" One of `{}`.", options.join("`, `")),
    };
    let _ = writeln!(
        text,
        "| {name} | {}{unit} | {} | {}{options} |",
        parameter.kind,
        default.unwrap_or_default(),
        cell(parameter.description),
    );
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
