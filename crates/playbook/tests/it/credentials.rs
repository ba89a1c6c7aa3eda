//! Which credentials an execution can need.

use std::{collections::BTreeMap, sync::Arc};

use playbook::{Bundle, credential_marker, parse};
use serde_json::{Value, json};

fn bundle(texts: &[(&str, &str)]) -> Bundle {
    let playbooks: BTreeMap<_, _> = texts
        .iter()
        .map(|(path, text)| {
            let loaded = parse(&format!("name: P\nversion: '1'\n{text}")).expect("it loads");
            ((*path).to_owned(), Arc::new(loaded.playbook))
        })
        .collect();
    let root = texts[0].0.to_owned();
    Bundle { root, playbooks }
}

fn names(bundle: &Bundle, parameters: &Value) -> Vec<String> {
    let parameters = parameters.as_object().expect("an object");
    bundle.credentials(parameters).into_iter().collect()
}

#[test]
fn those_that_playbooks_and_parameters_name() {
    let bundle = bundle(&[
        (
            "main.yaml",
            "parameters:
  - {name: login, type: credential}
  - {name: other, type: credential, default: from-default}
  - {name: password, type: string}
  - {name: text, type: string, default: not-a-credential}
steps:
  - {id: a, name: A, type: utility.log, parameters: {message: ['x {{ credential.in-list.username }}', '{{ credential.in_list.username }}']}}
  - {id: b, name: B, type: utility.assert, parameters: {that: [\"credential.in_that.username == 'x'\", \"'{{ credential.in_text }}' == 'y'\"]}}
  - id: c
    name: C
    steps:
      - {id: d, name: D, type: playbook.run, parameters: {playbook: child.yaml, login: passed, note: not-passed, gate: '{{ text }}'}}
    rollback:
      - {id: e, name: E, type: utility.log, parameters: {message: '{{ credential.in_rollback.password | upper }}'}}
finally:
  - {id: f, name: F, type: utility.log, parameters: {message: '{{ variable.credential }} {{ credential }}'}}
",
        ),
        (
            "child.yaml",
            "parameters: [{name: login, type: credential}, {name: gate, type: credential}, {name: note, type: string}]
steps: [{id: a, name: A, type: utility.log, parameters: {message: '{{ login.password }} {{ credential.in_child.password }}'}}]
",
        ),
    ]);
    let parameters = json!({"login": "given", "text": "not-given", "undeclared": "not-given",
        "password": credential_marker("filled", Some("password"))});
    let expected = [
        "filled",
        "from-default",
        "given",
        "in_child",
        "in_list",
        "in_rollback",
        "in_text",
        "in_that",
        "passed",
    ];
    assert_eq!(names(&bundle, &parameters), expected);
}
