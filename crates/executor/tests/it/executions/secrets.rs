//! Credentials: opened for the steps that need them, and in nothing that an execution says.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Executions, output, playbook, requests::serve};

const PASSWORD: &str = "pl4n\"ted+/pass~word&17";
const TOKEN: &str = "pl4nted token%in a parameter";

/// Starts steps that may open the credential `plant` and the execution's own secrets.
fn start(executions: &Executions, id: &str, steps: &str, more: &Value) {
    let declared = "parameters:\n  - {name: token, type: secret, required: false}\n";
    let text = playbook(steps).replace("steps:", &format!("{declared}steps:"));
    let mut input = json!({"credentials": ["plant"], "sealed_parameters": "x",
        "parameters": {"token": {"$credential": "@parameters", "field": "token"}}});
    for (name, value) in more.as_object().expect("an object") {
        input[name] = value.clone();
    }
    executions
        .server
        .submit_later(id, &[("test.yaml", &text)], &input);
    let mut runs = executions.server.runs();
    let vault = &mut runs.get_mut(id).expect("it was submitted").vault;
    let plant = json!({"name": "plant", "username": "admin", "password": PASSWORD,
        "gateway_url": "http://plant.example", "description": "The plant"});
    vault.insert("plant".to_owned(), plant);
    vault.insert("@parameters".to_owned(), json!({"token": TOKEN}));
    drop(runs);
    executions.server.queue(id);
}

/// Everything that the server was told of a run.
fn told(executions: &Executions, id: &str) -> String {
    // Before the lock that it takes itself.
    let result = executions.server.jobs.result(id);
    let state = executions.server.jobs.state();
    let mut told = String::new();
    for (run, report) in state.notes.iter().filter(|(run, _)| run == id) {
        told.push_str(&format!(
            "{run} {}\n",
            serde_json::to_string(report).expect("JSON")
        ));
    }
    told.push_str(&serde_json::to_string(&result).expect("JSON"));
    for ((_, name), text) in state.artifacts.iter() {
        let text = String::from_utf8_lossy(text);
        told.push_str(&format!("{name}: {text}\n"));
    }
    for (_, bytes) in state.logs.iter() {
        told.push_str(&String::from_utf8_lossy(bytes));
    }
    told
}

fn nothing_secret(told: &str) {
    for secret in [PASSWORD, TOKEN] {
        let json = serde_json::to_string(secret).expect("JSON");
        let url: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let url = secret.bytes().zip(url.as_bytes().chunks(3)).fold(
            String::new(),
            |mut text, (byte, encoded)| {
                match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    true => text.push(char::from(byte)),
                    false => text.push_str(std::str::from_utf8(encoded).expect("ASCII")),
                }
                text
            },
        );
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            secret.to_owned(),
            json[1..json.len() - 1].to_owned(),
            json[1..json.len() - 1].replace('\\', "\\\\"),
            url.replace("%20", "+"),
            url,
            hex,
        ];
        for before in ["", "x", "xy"] {
            let encoded = STANDARD.encode(format!("{before}{secret}"));
            forms.push(encoded[4..encoded.len() - 4].to_owned());
        }
        for form in forms {
            let found = told.find(&form);
            let around = found.map(|at| {
                let from = told.floor_char_boundary(at.saturating_sub(200));
                &told[from..told.ceil_char_boundary(at + 60)]
            });
            assert!(around.is_none(), "`{form}` in {around:?}");
        }
    }
}

/// Secrets leave by every way that there is.
const EVERY_WAY: &str = r#"
  - id: shell
    name: Shell
    type: utility.shell
    parameters:
      env: {P: "{{ credential.plant.password }}", T: "{{ token }}"}
      files: {note: "{{ credential.plant.password }}"}
      stdin: "{{ credential.plant.password }}"
      command: |
        : '{{ token }}'
        echo "user={{ credential.plant.username }}"
        echo "plain=$P"
        tr '\0' ' ' < /proc/$$/cmdline; echo
        printf '%s' "$T" | head -c 9; sleep 0.3; printf '%s' "$T" | tail -c +10; echo
        printf 'u:%s' "$P" | base64 -w0; echo
        python3 -c 'import os, json, urllib.parse as u
        p = os.environ["P"]
        print("key_" + p + "=1")
        print(u.quote(p), u.quote_plus(p, safe=""), json.dumps({"p": json.dumps(p)}), p.encode().hex(), repr(p))'
        cat note >&2; cat > "$OUTPUT_DIR/$T.txt"
        (printf 'in %s' "$P"; head -c 100000 /dev/zero; printf '%s' "$T") > "$OUTPUT_DIR/made.bin"
  - id: set
    name: Set
    type: utility.set_variable
    parameters: {name: kept, value: {deep: ["{{ token }}"], "{{ x": "{{ credential.plant.password }}"}}
  - {id: get, name: Get, type: utility.get_variable, parameters: {name: kept}}
  - id: python
    name: Python
    type: utility.python
    parameters:
      env: {P: "{{ credential.plant.password }}"}
      script: |
        import os
        set_variable("made", {"p": os.environ["P"], os.environ["P"]: 1})
        print("count=" + os.environ["P"])
        raise ValueError("wrong: " + os.environ["P"])
    on_failure: continue
  - {id: log, name: Log, type: utility.log, parameters: {message: "say {{ token }}"}}
  - {id: keep, name: Keep, type: utility.template, parameters: {template: "p: {{ token }}", file: "a/kept.txt"}}
  - id: http
    name: HTTP
    type: http.request
    parameters:
      method: POST
      url: "URL/echo?in={{ token }}"
      query: {q: "{{ credential.plant.password }}"}
      headers: {authorization: "Bearer {{ credential.plant.password }}", x-own: "{{ token }}"}
      json: {p: "{{ credential.plant.password }}"}
  - id: nowhere
    name: Nowhere
    type: http.request
    parameters: {url: "http://127.0.0.1:1/{{ token }}?p={{ credential.plant.password }}"}
    on_failure: continue
  - {id: wrong, name: Wrong, type: utility.sleep, parameters: {seconds: "{{ token }}"}, on_failure: continue}
  - {id: fails, name: Fails, type: utility.assert, parameters: {that: "1 == 2", message: "{{ credential.plant.password }}"}}
"#;

#[tokio::test]
async fn no_secret_leaves_an_execution() {
    let executions = Executions::new();
    let url = serve().await;
    start(
        &executions,
        "one",
        &EVERY_WAY.replace("URL", &url),
        &json!({}),
    );
    let result = executions.result("one").await;
    let error = result.error_message.expect("it fails");
    assert_eq!(error, "Step 'fails' failed: ***");
    let parts = executions.parts("one");
    let shell = output(&parts, "shell");
    assert_eq!(shell["user"], "admin", "{shell}");
    assert_eq!(shell["plain"], "***");
    assert_eq!(shell["key_***"], "1");
    let said = shell["_output"].as_str().expect("text");
    // The secret came in pieces, and is none of the arguments.
    assert!(said.contains("\n/bin/sh script \n***\n"), "{said}");
    assert_eq!(output(&parts, "get")["value"]["deep"], json!(["***"]));
    assert_eq!(output(&parts, "python")["count"], "***");
    // What it sent was whole.
    let got = &output(&parts, "http")["json"];
    assert_eq!(got["authorization"], "Bearer ***", "{got}");
    let artifacts = executions.server.jobs.state().artifacts.clone();
    let kept = |name: &str| artifacts[&("one".to_owned(), name.to_owned())].clone();
    // Of a name the path of the request says it.
    assert_eq!(kept("%2A%2A%2A.txt"), "***");
    assert_eq!(kept("a/kept.txt"), "p: ***");
    assert_eq!(kept("made.bin").len(), 3 + 3 + 100_000 + 3);
    let told = told(&executions, "one");
    assert!(told.contains("say ***"), "{told}");
    nothing_secret(&told);
    let opened = executions.server.runs()["one"].opened.clone();
    assert!(opened.contains(&("plant".to_owned(), "shell".to_owned())));
    assert!(!opened.iter().any(|(_, step)| step == "get"));
    executions.end().await;
}

#[tokio::test]
async fn no_secret_gets_into_a_file_of_another_run() {
    let executions = Executions::new();
    let steps = r#"
  - id: job
    name: Job
    type: job.run
    parameters:
      url: http://127.0.0.1:1/program
      sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
      files: {note: "{{ credential.plant.password }}"}
"#;
    start(&executions, "one", steps, &json!({}));
    let result = executions.result("one").await;
    let error = result.error_message.expect("it fails");
    assert!(error.contains("have a secret"), "{error}");
    executions.end().await;
}

#[tokio::test]
async fn what_an_earlier_attempt_opened_stays_secret() {
    let executions = Executions::new();
    let steps = format!(
        "
  - {{id: first, name: First, type: utility.log, parameters: {{message: '{{{{ token }}}}'}}}}
  - {{id: wait, name: Wait, type: utility.sleep, parameters: {{seconds: 3600}}}}
  - {{id: last, name: Last, type: utility.log, parameters: {{message: 'it was {TOKEN}'}}}}
"
    );
    start(&executions, "one", &steps, &json!({}));
    executions.parked("one", 1).await;
    executions
        .server
        .signal("one", |signals, now| signals.skip = now);
    executions.server.queue("one");
    let result = executions.result("one").await;
    assert_eq!(result.error_message, None);
    let last = output(&executions.parts("one"), "last").clone();
    assert_eq!(last["logged"], "it was ***");
    executions.end().await;
}

#[tokio::test]
async fn a_credential_that_cannot_be_had_fails_its_step_alone() {
    let executions = Executions::new();
    let steps = r#"
  - {id: gone, name: Gone, type: utility.log, parameters: {message: "{{ credential.gone.password }}"}, on_failure: continue}
  - {id: word, name: Word, type: utility.shell, parameters: {command: [echo, "-p{{ credential.plant.password }}"]}, on_failure: continue}
  - {id: when, name: When, type: utility.log, when: "credential.plant.username == 'admin'", parameters: {message: x}}
"#;
    start(&executions, "one", steps, &json!({}));
    let result = executions.result("one").await;
    let error = result.error_message.expect("it fails");
    assert!(error.contains("there is no credential `plant`"), "{error}");
    let parts = executions.parts("one");
    let error = |step: &str| {
        let part = parts.iter().find(|part| part.name == step);
        part.expect("the step").body["error"]
            .as_str()
            .expect("an error")
            .to_owned()
    };
    let gone = error("gone");
    assert!(
        gone.starts_with("credential `gone`: there is no credential `gone`"),
        "{gone}"
    );
    let word = error("word");
    assert!(
        word.starts_with("word 2 of `command` has a secret in it"),
        "{word}"
    );
    executions.end().await;
}

#[tokio::test]
async fn a_step_waits_for_a_server_that_is_away_and_others_go_on() {
    let executions = Executions::new();
    let steps = r#"
  - id: both
    name: Both
    parallel:
      - {id: touch, name: Touch, type: utility.shell, parameters: {command: "sleep 0.5; echo done"}}
      - {id: needs, name: Needs, type: utility.log, parameters: {message: "{{ token }}"}}
"#;
    start(&executions, "one", steps, &json!({}));
    executions.begun("one", "touch").await;
    executions.server.jobs.change(|state| state.away = true);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    executions.server.jobs.change(|state| state.away = false);
    let result = executions.result("one").await;
    assert_eq!(result.error_message, None);
    assert_eq!(output(&executions.parts("one"), "needs")["logged"], "***");
    executions.end().await;
}
