//! Steps that start runs: is what they need there?

use serde_json::Value;

use crate::{Playbook, Problem, Step, files::is_plain};

pub(super) fn check(playbook: &Playbook) -> Vec<Problem> {
    let mut problems = Vec::new();
    for step in playbook.all_steps() {
        let mut report = |message: &str| {
            let message = format!("step `{}`: {message}", step.id);
            problems.push(Problem::error(step.at, message));
        };
        match step.kind.as_str() {
            "job.run" => job(step, &mut report),
            "playground.create" => create(step, &mut report),
            "playground.wait" | "playground.rollout" => named(step, &mut report),
            "playground.exec" => {
                named(step, &mut report);
                exec(step, &mut report);
            }
            "gate" => gate(step, &mut report),
            _ => {}
        }
    }
    problems
}

fn job(step: &Step, report: &mut impl FnMut(&str)) {
    let given = |name: &str| step.parameters.get(name).filter(|value| !value.is_null());
    let wrong = match (given("program"), given("url")) {
        (None, None) => "a job needs a `program` of the library, or a `url` and its `sha256`",
        (Some(_), Some(_)) => "a job has either a `program` or a `url`, not both",
        (None, Some(_)) if given("sha256").is_none() => "`url` needs the program's `sha256`",
        (Some(program), None) if !plain(program) => {
            "`program` must be a path without templates: the file is pinned when an execution starts"
        }
        _ => "",
    };
    if !wrong.is_empty() {
        report(wrong);
    }
    let files = given("files").and_then(Value::as_object);
    for (name, file) in files.into_iter().flatten() {
        if file.get("file").is_some_and(|path| !plain(path)) {
            report(&format!(
                "the file `{name}` must have a path without templates: it is pinned when an execution starts"
            ));
        }
    }
}

fn create(step: &Step, report: &mut impl FnMut(&str)) {
    let given = |name: &str| step.parameters.get(name).filter(|value| !value.is_null());
    match (given("playspec"), given("compose")) {
        (None, None) => {
            report("a playground needs a `playspec`, or a `compose` file of the library");
        }
        (_, Some(compose)) if !plain(compose) => report(
            "`compose` must be a path without templates: the file is pinned when an execution starts",
        ),
        _ => {}
    }
}

/// Whether a step says which playground it is about.
fn named(step: &Step, report: &mut impl FnMut(&str)) {
    let is_name = |name: &str| {
        step.parameters
            .get(name)
            .is_some_and(|one| !one.is_object())
    };
    if !is_name("playground") && !is_name("env") {
        report("it needs a `playground`: its id or its name");
    }
}

fn exec(step: &Step, report: &mut impl FnMut(&str)) {
    let given = |name: &str| step.parameters.contains_key(name);
    if given("command") == given("script") {
        report("it needs either a `command` or a `script`");
    }
}

fn gate(step: &Step, report: &mut impl FnMut(&str)) {
    const LIMITS: [&str; 4] = ["min", "max", "equals", "max_change"];
    let conditions = step.parameters.get("conditions").and_then(Value::as_array);
    for (index, condition) in conditions.into_iter().flatten().enumerate() {
        // What a template gives is seen when the step runs.
        let Value::Object(condition) = condition else {
            continue;
        };
        let number = index + 1;
        if !condition.contains_key("value") {
            report(&format!("condition {number} has no `value`"));
        }
        if !LIMITS.iter().any(|limit| condition.contains_key(*limit)) {
            report(&format!(
                "condition {number} has none of `min`, `max`, `equals`, `max_change`"
            ));
        }
    }
}

fn plain(value: &Value) -> bool {
    value.as_str().is_some_and(is_plain)
}
