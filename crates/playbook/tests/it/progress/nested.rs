//! Playbooks that run others.

use std::{collections::BTreeMap, sync::Arc};

use insta::assert_snapshot;
use playbook::{
    Bundle, ExecutionOutcome, NoSecrets, Secrets, StepKey, StepOutcome, credential_marker,
};
use serde_json::{Map, Value, json};

use super::runner::Runner;
use crate::loaded;

const CHILD: &str = "
name: Child
version: '1'
parameters:
- {name: who, type: string}
- {name: count, type: integer, default: 2}
- {name: login, type: credential, required: false}
- {name: token, type: string, required: false}
steps:
- {id: a, name: A, type: utility.log, parameters: {message: 'hello {{ who }}'}}
- {id: b, name: B, type: utility.log, parameters: {message: '{{ count }}'}, when: count > 0}
finally:
- {id: f, name: F, type: utility.log, parameters: {message: '{{ status.a }}'}}
outputs: {greeting: '{{ step.a.value }}', count: '{{ count }}'}
";

fn parent(steps: &str) -> String {
    format!("name: Parent\nversion: '1'\nsteps:\n{steps}")
}

fn bundle(steps: &str) -> Arc<Bundle> {
    let mut playbooks = BTreeMap::new();
    playbooks.insert("root".to_owned(), Arc::new(loaded(&parent(steps))));
    playbooks.insert("lib/child.yaml".to_owned(), Arc::new(loaded(CHILD)));
    let itself =
        parent("- {id: again, name: A, type: playbook.run, parameters: {playbook: circle}}\n");
    playbooks.insert("circle".to_owned(), Arc::new(loaded(&itself)));
    Arc::new(Bundle {
        root: "root".to_owned(),
        playbooks,
    })
}

fn told(steps: &str, parameters: Value) -> String {
    Runner::new(bundle(steps), parameters).run().told()
}

#[test]
fn a_child_gets_parameters_and_gives_outputs() {
    let steps = "- {id: run, name: R, type: playbook.run, register: r, parameters: {playbook: './lib/child.yaml', who: '{{ name }}', count: '3'}}\n\
                 - {id: use, name: U, type: utility.log, parameters: {message: '{{ step.run.outputs.greeting }} {{ variable.r.status }} {{ step.run.steps_executed }}'}}\n";
    assert_snapshot!(told(steps, json!({"name": "world"})));
}

#[test]
fn a_child_in_a_loop() {
    let steps = "- {id: run, name: R, type: playbook.run, for_each: [x, y], parameters: {playbook: lib/child.yaml, who: '{{ item }}', count: '{{ index }}'}}\n\
                 - {id: use, name: U, type: utility.log, parameters: {message: '{{ step.run.results.1.outputs.greeting }}'}}\n";
    assert_snapshot!(told(steps, json!({})));
}

#[test]
fn a_child_that_fails_fails_its_step() {
    let steps = "- {id: run, name: R, type: playbook.run, on_failure: continue, parameters: {playbook: lib/child.yaml, who: '{{ nope | default(1) }}', more: x}}\n\
                 - {id: fail, name: F, type: playbook.run, parameters: {playbook: lib/child.yaml, who: x, count: many}}\n";
    assert_snapshot!(told(steps, json!({})));
}

#[test]
fn a_step_inside_that_fails_fails_the_step_outside() {
    let child = "name: C\nversion: 1\nsteps:\n- {id: a, name: A, type: utility.log, parameters: {message: fail}}\nfinally:\n- {id: f, name: F, type: utility.sleep}\n";
    let mut bundle = (*bundle("- {id: run, name: R, type: playbook.run, retry_count: 1, retry_delay: 0, parameters: {playbook: bad}}\n")).clone();
    bundle
        .playbooks
        .insert("bad".to_owned(), Arc::new(loaded(child)));
    assert_snapshot!(Runner::new(Arc::new(bundle), json!({})).run().told());
}

#[test]
fn what_cannot_be_run_is_said() {
    for (parameters, expected) in [
        (
            "playbook: nope",
            "playbook `nope` does not exist, or is not among those that the execution started with",
        ),
        ("x: 1", "it needs the parameter `playbook`"),
        ("playbook: [1]", "`playbook` must be the path of a playbook"),
        (
            "playbook: '{{ nope }}'",
            "`{{ nope }}`: there is no parameter `nope`",
        ),
        (
            "playbook: lib/child.yaml",
            "required parameter `who` is missing",
        ),
        (
            "playbook: lib/child.yaml, who: '{{ nope }}'",
            "parameter `who`: `{{ nope }}`: there is no parameter `nope`",
        ),
    ] {
        let steps =
            format!("- {{id: run, name: R, type: playbook.run, parameters: {{{parameters}}}}}\n");
        let run = Runner::new(bundle(&steps), json!({})).run();
        let expected = ExecutionOutcome::Failed {
            error: format!("Step 'run' failed: {expected}"),
        };
        assert_eq!(*run.outcome(), expected);
    }
}

#[test]
fn a_playbook_that_runs_itself_ends_at_the_limit() {
    let steps = "- {id: run, name: R, type: playbook.run, parameters: {playbook: circle}}\n";
    let run = Runner::new(bundle(steps), json!({})).run();
    let ExecutionOutcome::Failed { error, .. } = run.outcome() else {
        panic!()
    };
    assert!(
        error.ends_with("playbooks run each other more than 8 levels deep"),
        "{error}"
    );
    assert_eq!(run.rows.len(), 9);
}

struct Vault;

impl Secrets for Vault {
    fn credential(&self, name: &str) -> Option<Map<String, Value>> {
        let fields = json!({"username": "user", "password": format!("secret of {name}")});
        fields.as_object().cloned()
    }
}

/// The parameters of the step `b` of a child, with secrets, and the journal until then.
fn inside(child_step: &str, given: &str, parameters: Value) -> (Value, String, Vec<String>) {
    let child = format!(
        "name: C\nversion: 1\nparameters:\n- {{name: login, type: credential, required: false}}\n\
         - {{name: p, type: string, required: false}}\nsteps:\n{child_step}"
    );
    let root = format!(
        "name: R\nversion: 1\nparameters:\n- {{name: cred, type: credential, required: false}}\nsteps:\n\
         - {{id: run, name: R, type: playbook.run, parameters: {{playbook: c, {given}}}}}\n"
    );
    let playbooks = [("root", root), ("c", child)]
        .map(|(path, text)| (path.to_owned(), Arc::new(loaded(&text))));
    let bundle = Bundle {
        root: "root".to_owned(),
        playbooks: playbooks.into_iter().collect(),
    };
    let mut run = Runner::new(Arc::new(bundle), parameters);
    run.begin();
    let key = StepKey {
        path: "run".to_owned(),
        name: "b".to_owned(),
    };
    let names = run.progress.credentials(&key).into_iter().collect();
    let rendered = run
        .progress
        .parameters(&key, &Vault)
        .map(|map| map.get("message").cloned().unwrap_or_default());
    let journal = format!("{:?}", run.rows);
    (
        rendered.unwrap_or_else(|problem| problem.to_string().into()),
        journal,
        names,
    )
}

fn log(message: &str) -> String {
    format!("- {{id: b, name: B, type: utility.log, parameters: {{message: '{message}'}}}}\n")
}

#[test]
fn credentials_are_handed_on_without_being_read() {
    let marker = credential_marker("auto", Some("password"));
    let rows = [
        (
            "login: '{{ cred }}'",
            "{{ login.password }}",
            json!({"cred": "mine"}),
            "secret of mine",
            "mine",
        ),
        (
            "login: '{{ parameter.cred }}'",
            "{{ login.username }}",
            json!({"cred": "mine"}),
            "user",
            "mine",
        ),
        (
            "login: '{{ credential.other }}'",
            "{{ parameter.login.password }}",
            json!({}),
            "secret of other",
            "other",
        ),
        (
            "login: named",
            "{{ login.password }}",
            json!({}),
            "secret of named",
            "named",
        ),
        (
            "p: '{{ credential.other.password }}'",
            "<{{ p }}>",
            json!({}),
            "<secret of other>",
            "other",
        ),
        (
            "p: '{{ cred.password }}'",
            "{{ p }}",
            json!({"cred": "mine"}),
            "secret of mine",
            "mine",
        ),
        (
            "p: '{{ auto }}'",
            "{{ p }}",
            json!({ "auto": marker }),
            "secret of auto",
            "auto",
        ),
    ];
    for (given, message, parameters, expected, name) in rows {
        let (value, journal, names) = inside(&log(message), given, parameters);
        assert_eq!(value, expected, "{given}");
        assert_eq!(names, [name], "{given}");
        assert!(!journal.contains("secret of"), "{journal}");
    }
}

#[test]
fn a_credential_is_not_handed_on_within_text() {
    for given in [
        "p: 'x{{ credential.c.password }}'",
        "p: '{{ credential.c.password | upper }}'",
        "p: ['{{ cred }}']",
    ] {
        let (value, journal, _) = inside(&log("x"), given, json!({"cred": "c"}));
        assert!(
            journal.contains("can be passed on as a whole value only"),
            "{given}: {value} {journal}"
        );
    }
}

#[test]
fn what_a_step_gave_is_never_taken_for_a_credential() {
    let root = "name: R\nversion: 1\nsteps:\n- {id: a, name: A, type: utility.log, parameters: {message: {$credential: admin, field: password}}}\n\
                - {id: run, name: R, type: playbook.run, parameters: {playbook: c, p: '{{ step.a.value }}'}}\n";
    let playbooks = [("root", root), ("c", CHILD)]
        .map(|(path, text)| (path.to_owned(), Arc::new(loaded(text))));
    let bundle = Bundle {
        root: "root".to_owned(),
        playbooks: playbooks.into_iter().collect(),
    };
    let run = Runner::new(Arc::new(bundle), json!({})).run();
    let ExecutionOutcome::Failed { error, .. } = run.outcome() else {
        panic!()
    };
    assert!(
        error.contains("parameter `p` must not hold `$credential`"),
        "{error}"
    );
}

#[test]
fn a_child_sees_nothing_of_its_parent() {
    let child = "name: C\nversion: 1\nsteps:\n- {id: a, name: A, type: utility.log, parameters: {message: \"{{ item | default('no item') }} {{ parent | default('no parameter') }} {{ variable.v | default('no variable') }} {{ step.before.value | default('no step') }}\"}}\n";
    let steps = "- {id: before, name: B, type: utility.log, register: v}\n\
                 - {id: run, name: R, type: playbook.run, for_each: [1], parameters: {playbook: c}}\n";
    let mut bundle = (*bundle(steps)).clone();
    bundle
        .playbooks
        .insert("c".to_owned(), Arc::new(loaded(child)));
    let mut run = Runner::new(Arc::new(bundle), json!({"parent": 1}));
    run.begin();
    run.end_first();
    run.begin();
    let key = StepKey {
        path: "run/0".to_owned(),
        name: "a".to_owned(),
    };
    let rendered = run.progress.parameters(&key, &NoSecrets).unwrap();
    assert_eq!(
        rendered["message"],
        "no item no parameter no variable no step"
    );
}

#[test]
fn a_child_that_takes_too_long_does_its_finally() {
    let steps = "- {id: run, name: R, type: playbook.run, retry_count: 1, parameters: {playbook: lib/child.yaml, who: x}}\n";
    let key = StepKey {
        path: String::new(),
        name: "run".to_owned(),
    };
    let mut run = Runner::new(bundle(steps), json!({}));
    run.begin();
    run.progress
        .ended(&key, StepOutcome::failed("it timed out"));
    run.write();
    assert!(run.running.is_empty());
    run.begin();
    assert_eq!(run.running.len(), 1);
    run.end_first();
    // The second try, which is not waited for in the end.
    run.begin();
    run.progress
        .ended(&key, StepOutcome::failed("it timed out again"));
    run.begin();
    run.progress
        .ended(&key, StepOutcome::failed("it goes on for too long").last());
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn the_time_of_a_childs_finally_is_its_own() {
    let child = "name: Slow\nversion: '1'\nfinally_timeout: 7\nsteps:\n- {id: a, name: A, type: utility.log}\n\
        finally:\n- {id: f, name: F, type: utility.log}\n- {id: g, name: G, type: utility.log}\n";
    let steps = "- {id: run, name: R, type: playbook.run, on_failure: continue, parameters: {playbook: slow}}\n\
        - {id: b, name: B, type: utility.log}\n";
    let mut bundle = (*bundle(steps)).clone();
    bundle
        .playbooks
        .insert("slow".to_owned(), Arc::new(loaded(child)));
    let mut run = Runner::new(Arc::new(bundle), json!({}));
    run.begin();
    run.end_first();
    run.begin();
    assert_eq!(run.progress.finally_limits(), [("run".to_owned(), 7.0)]);
    let f = StepKey {
        path: "run".to_owned(),
        name: "f".to_owned(),
    };
    assert!(run.progress.is_finally(&f));
    let (outer, unknown) = (
        StepKey {
            path: String::new(),
            name: "run".to_owned(),
        },
        StepKey::default(),
    );
    assert!(!run.progress.is_finally(&outer) && !run.progress.is_finally(&unknown));
    for (key, path, number) in [
        (&f, "slow", Some(3)),
        (&outer, "root", Some(1)),
        (&unknown, "root", None),
    ] {
        assert_eq!(run.progress.playbook_path(key), path);
        assert_eq!(run.progress.part_number(key), number);
    }
    run.progress.cancel_finally("nope");
    assert_eq!(run.progress.finally_limits().len(), 1);
    run.progress.cancel_finally("run");
    run.write();
    run.running.clear();
    assert_eq!(run.progress.finally_limits(), []);
    run.finish();
    assert_snapshot!(run.told());
    assert!(matches!(run.outcome(), ExecutionOutcome::Completed { .. }));
}

/// So that a login can be done again after the run has waited.
#[test]
fn the_parameters_of_a_step_that_has_ended_can_be_rendered_again() {
    let steps = "- {id: each, name: E, type: group, for_each: [x, y], steps: [\
        {id: a, name: A, type: utility.log, parameters: {message: '{{ item }} {{ name }}'}}, \
        {id: b, name: B, type: utility.log}]}\n";
    let mut run = Runner::new(bundle(steps), json!({"name": "world"}));
    run.begin();
    run.end_first();
    run.begin();
    let a = |path: &str| StepKey {
        path: path.to_owned(),
        name: "a".to_owned(),
    };
    let of_first = run.progress.parameters(&a("each/0"), &NoSecrets).unwrap();
    assert_eq!(of_first["message"], "x world");
    // What it was in has ended.
    run.end_first();
    run.begin();
    assert!(
        run.progress
            .parameters(&a("each/0"), &NoSecrets)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_loop_hides_a_credential_that_could_be_handed_on() {
    let root = "name: R\nversion: 1\nparameters:\n- {name: cred, type: credential}\nsteps:\n\
                - {id: run, name: R, type: playbook.run, for_each: {items: [looped], as: cred}, \
                parameters: {playbook: c, login: '{{ cred }}', who: x}}\n";
    let playbooks = [("root", root), ("c", CHILD)]
        .map(|(path, text)| (path.to_owned(), Arc::new(loaded(text))));
    let bundle = Bundle {
        root: "root".to_owned(),
        playbooks: playbooks.into_iter().collect(),
    };
    let mut run = Runner::new(Arc::new(bundle), json!({"cred": "mine"}));
    run.begin();
    let child = StepKey {
        path: "run/0".to_owned(),
        name: "a".to_owned(),
    };
    let scope = run.progress.scope(&child, &Vault);
    let password = playbook::render(&json!("{{ login.password }}"), &scope);
    assert_eq!(password, Ok(json!("secret of looped")));
}
