//! What a step's templates see, and its parameters.

use playbook::{NoSecrets, StepKey, StepOutcome, evaluate, render};
use serde_json::json;

use super::runner::{Runner, alone};
use crate::{loaded, with_steps};

fn key(path: &str, name: &str) -> StepKey {
    StepKey {
        path: path.to_owned(),
        name: name.to_owned(),
    }
}

#[test]
fn inner_names_hide_outer_ones() {
    let steps = "- id: outer\n  name: O\n  for_each: {items: [a, b], as: o}\n  steps:\n  - id: inner\n    name: I\n    \
                 for_each: {items: [x, y], as: i}\n    steps:\n    - {id: log, name: L, type: utility.log, \
                 parameters: {message: '{{ o }}{{ i }}{{ item }}{{ index }}'}}\n";
    let mut run = Runner::of(&with_steps("", steps));
    let mut seen = Vec::new();
    while run.progress.outcome().is_none() {
        run.begin();
        let Some((_, key)) = run.running.first().cloned() else {
            break;
        };
        let message = run.progress.parameters(&key, &NoSecrets).unwrap()["message"].clone();
        seen.push(format!("{key} {message}"));
        run.end_first();
    }
    assert_eq!(
        seen,
        [
            "outer/0/inner/0/log \"axx0\"",
            "outer/0/inner/1/log \"ayy1\"",
            "outer/1/inner/0/log \"bxx0\"",
            "outer/1/inner/1/log \"byy1\"",
        ]
    );
}

#[test]
fn parameters_have_defaults_and_expressions_stay() {
    let steps = "- {id: a, name: A, type: utility.assert, parameters: {that: '{{ x }} > 1', message: '{{ x }}'}}\n";
    let mut run = Runner::new(alone(loaded(&with_steps("", steps))), json!({"x": 3}));
    run.begin();
    let parameters = run.progress.parameters(&key("", "a"), &NoSecrets).unwrap();
    assert_eq!(
        json!(parameters),
        json!({"that": "{{ x }} > 1", "message": 3})
    );
    assert!(evaluate("x > 1", &run.progress.scope(&key("", "a"), &NoSecrets)).unwrap());

    let steps = "- {id: a, name: A, type: utility.template, parameters: {template: '{% for i in x %}{{ i }},{% endfor %}'}}\n\
                 - {id: b, name: B, type: utility.log}\n";
    let mut run = Runner::new(alone(loaded(&with_steps("", steps))), json!({"x": [1, 2]}));
    run.begin();
    let parameters = run.progress.parameters(&key("", "a"), &NoSecrets).unwrap();
    assert_eq!(json!(parameters), json!({"template": "1,2,"}));
    run.end_first();
    run.begin();
    let parameters = run.progress.parameters(&key("", "b"), &NoSecrets).unwrap();
    assert_eq!(json!(parameters), json!({"message": "", "level": "info"}));
}

#[test]
fn a_parameter_that_cannot_be_rendered_is_named() {
    let steps =
        "- {id: a, name: A, type: utility.log, parameters: {message: '{{ credential.c.x }}'}}\n";
    let mut run = Runner::of(&with_steps("", steps));
    run.begin();
    let problem = run
        .progress
        .parameters(&key("", "a"), &NoSecrets)
        .unwrap_err();
    assert_eq!(
        problem.message,
        "parameter `message`: `{{ credential.c.x }}`: there is no credential `c`"
    );
    assert_eq!(problem.missing_credential.as_deref(), Some("c"));
    assert!(run.progress.credentials(&key("", "a")).contains("c"));
    assert!(run.progress.credentials(&key("", "nope")).is_empty());
    assert!(
        run.progress
            .parameters(&key("", "nope"), &NoSecrets)
            .unwrap()
            .is_empty()
    );
    let scope = run.progress.scope(&key("", "nope"), &NoSecrets);
    assert!(render(&json!("{{ nope }}"), &scope).is_err());
    assert_eq!(format!("{scope:?}"), "Scope { .. }");
}

#[test]
fn a_loop_hides_a_credential_of_the_same_name() {
    let top = "parameters: [{name: login, type: credential}]\n";
    let steps = "- {id: each, name: E, type: utility.log, for_each: {items: [x], as: login}, \
                 parameters: {message: '{{ login }}'}}\n\
                 - {id: b, name: B, type: utility.log, parameters: {message: '{{ login.password }}'}}\n";
    let mut run = Runner::new(
        alone(loaded(&with_steps(top, steps))),
        json!({"login": "vault"}),
    );
    run.begin();
    let pass = key("each", "0");
    assert!(run.progress.credentials(&pass).is_empty());
    let parameters = run.progress.parameters(&pass, &NoSecrets).unwrap();
    assert_eq!(parameters["message"], "x");
    run.end_first();
    run.begin();
    assert!(run.progress.credentials(&key("", "b")).contains("vault"));
}

#[test]
fn what_is_open_is_shown_without_values() {
    let steps =
        "- {id: a, name: A, type: utility.log, parameters: {message: hidden}, register: v}\n";
    let mut run = Runner::of(&with_steps("", steps));
    run.begin();
    let shown = format!("{:?}", run.progress);
    assert!(
        shown.starts_with("Progress { open: {") && shown.contains("name: \"a\""),
        "{shown}"
    );
    assert!(!shown.contains("hidden"), "{shown}");
    run.finish();
    assert_eq!(
        format!("{:?}", run.progress),
        "Progress { open: {}, outcome: Some(Completed { outputs: {} }), .. }"
    );
    let scope = run.progress.scope(&key("", "a"), &NoSecrets);
    assert_eq!(scope.variables()["v"], json!({"value": "hidden"}));
}

#[test]
fn only_the_whole_of_what_completed_is_registered() {
    let steps = "- {id: a, name: A, type: utility.log, on_failure: continue, register: v}\n\
                 - {id: each, name: E, type: utility.log, for_each: [1, 2], register: w}\n\
                 - {id: z, name: Z, type: utility.log}\n";
    let mut run = Runner::of(&with_steps("", steps));
    let names = |run: &Runner| {
        let scope = run.progress.scope(&key("", "z"), &NoSecrets);
        scope.variables().keys().cloned().collect::<Vec<_>>()
    };
    run.begin();
    let failed = StepOutcome::failed("no").with_output(json!({"code": 3}));
    run.progress.ended(&key("", "a"), failed);
    run.begin();
    run.end_first();
    run.begin();
    assert!(names(&run).is_empty());
    run.end_first();
    run.begin();
    assert_eq!(names(&run), ["w"]);
}
