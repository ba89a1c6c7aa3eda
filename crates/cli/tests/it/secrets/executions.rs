//! A playbook that says its secrets wherever it can.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{SecretsTest, ask};
use crate::harness::wait_for;

const TALKATIVE: &str = r#"name: Talkative
version: '1'
parameters:
  - {name: token, type: secret}
  - {name: password, type: string}
steps:
  - id: shell
    name: Shell
    type: utility.shell
    parameters:
      env: {P: "{{ credential.plant.password }}", T: "{{ token }}"}
      command: |
        : '{{ token }}'
        echo "value=$P"
        printf '%s' "$T" | head -c 5; sleep 0.5; printf '%s' "$T" | tail -c +6; echo
        printf 'user:%s' "$P" | base64 -w0 >&2
        python3 -c 'import os, json, urllib.parse as u; print(u.quote(os.environ["P"], safe=""), json.dumps(json.dumps(os.environ)))'
        printf 'kept %s' "$T" > "$OUTPUT_DIR/kept.txt"
  - id: job
    name: A job
    type: job.run
    parameters:
      program: talk.sh
      env: {PATH: "/usr/bin:/bin", P: "{{ credential.plant.password }}", T: "{{ token }}"}
  - {id: set, name: Set, type: utility.set_variable, parameters: {name: kept, value: ["{{ token }}", "{{ password }}"]}}
  - {id: http, name: HTTP, type: http.request, parameters: {url: "http://127.0.0.1:1/{{ token }}?p={{ password }}"}, on_failure: continue}
  - {id: long, name: Long, type: utility.sleep, parameters: {seconds: 10.5}}
  - {id: fails, name: Fails, type: utility.shell, parameters: {script: "echo '{{ token }}' >&2; exit 1"}}
outputs: {kept: "{{ variable.kept }}"}
"#;

impl SecretsTest {
    /// Runs the playbook with an executor that is there, and asks for all that it left.
    pub(super) fn run_playbook(&mut self) {
        let key = self.admin.clone();
        let headers = [("x-api-key", key.as_str())];
        let password = format!("{}\"&'", self.planted.plant("password of a credential"));
        let token = self.planted.plant("secret parameter");
        for (place, secret) in [("credential", &password), ("secret parameter", &token)] {
            self.sealed.note(place, secret);
        }
        let new = json!({"name": "plant", "username": "admin", "password": password}).to_string();
        self.ask("POST /api/credentials", &headers, new.as_bytes(), 200);
        let library = self.server.home().join("data/playbooks");
        fs::write(library.join("talkative.yaml"), TALKATIVE).expect("a playbook");
        fs::write(library.join("talk.sh"), TALK).expect("a program");
        let start = json!({"playbook_path": "talkative.yaml", "credential_name": "plant",
            "parameters": {"token": token}});
        let (status, answer) = ask(
            &self.server,
            "POST /api/executions",
            &headers,
            start.to_string().as_bytes(),
        );
        assert_eq!(status, 200, "{answer}");
        let started: Value = serde_json::from_str(&answer).expect("JSON");
        let id = started["execution_id"].as_str().expect("an id").to_owned();
        let line = format!("GET /api/executions/{id}");
        let mut skipped = false;
        wait_for("the execution has ended", || {
            let arguments = arguments_of_all();
            self.sealed
                .absent_from("the arguments of a process", &arguments);
            let execution = self.as_admin(&line, &json!({}), 200);
            if execution["waiting_for"] == "time" && !skipped {
                // Another attempt goes on, and knows what it must not say.
                skipped = true;
                let skip = format!("POST /api/executions/{id}/skip");
                self.as_admin(&skip, &json!({}), 200);
            }
            assert_ne!(execution["status"], "completed");
            execution["status"] == "failed"
        });
        let execution = self.as_admin(&line, &json!({}), 200).to_string();
        assert!(execution.contains("\"value\":\"***\""), "{execution}");
        let children = self.as_admin(&format!("GET /api/runs/{id}/children"), &json!({}), 200);
        let job = children[0]["id"].as_str();
        let job = job.unwrap_or_else(|| panic!("it started a job: {children}"));
        let done = self.as_admin(&format!("GET /api/v1/jobs/{job}"), &json!({}), 200);
        assert_eq!(done["status"], "completed", "{done}");
        assert_eq!(done["env_variables"]["T"], "***");
        assert_eq!(done["env_variables"]["P"], "***");
        assert_eq!(done["stdout"], "***\n");
        for line in [
            line,
            format!("GET /api/v1/jobs/{job}"),
            format!("GET /api/runs/{job}/artifacts/left.txt"),
            format!("GET /api/runs/{job}/logs"),
            "GET /api/executions".to_owned(),
            format!("GET /api/runs/{id}"),
            format!("GET /api/runs/{id}/parts"),
            format!("GET /api/runs/{id}/logs?stream=stdout"),
            format!("GET /api/runs/{id}/logs?stream=stderr"),
            format!("GET /api/runs/{id}/artifacts/kept.txt"),
            "GET /api/credentials".to_owned(),
            "GET /api/credentials/plant/uses".to_owned(),
        ] {
            self.ask(&line, &headers, b"", 200);
        }
    }

    /// Looks for what is sealed in every table of the database.
    pub(super) fn search_tables(&self, url: &str) {
        let columns = "SELECT table_name::text, column_name::text, data_type::text \
            FROM information_schema.columns WHERE table_schema = 'public'";
        let columns = private_postgres::rows(url, columns);
        assert!(columns.len() > 100);
        let mut looked_at = 0;
        for column in columns {
            let [table, column, kind] = &column[..] else {
                panic!("three columns: {column:?}")
            };
            let text = match kind.as_str() {
                "bytea" => format!("encode({column}, 'escape')"),
                _ => format!("{column}::text"),
            };
            let all = format!("SELECT coalesce({text}, '') FROM {table}");
            let all = private_postgres::rows(url, &all).concat().join("\n");
            looked_at += all.len();
            self.sealed
                .absent_from(&format!("column {column} of {table}"), &all);
        }
        assert!(looked_at > 10_000);
    }

    /// Looks for what is sealed in all files of the server and of its executors.
    pub(super) fn search_files(&self) {
        let mut open = vec![self.server.home().to_owned()];
        let mut looked_at = 0;
        while let Some(path) = open.pop() {
            if path.is_dir() {
                let entries = fs::read_dir(&path).expect("a directory");
                open.extend(entries.map(|entry| entry.expect("an entry").path()));
            } else if path.is_file() {
                let bytes = fs::read(&path).expect("a file");
                looked_at += bytes.len();
                let text = String::from_utf8_lossy(&bytes);
                self.sealed.absent_from(&path.display().to_string(), &text);
            }
        }
        assert!(looked_at > 4_096);
    }
}

/// A job that says what it was given, and fails when that is not all.
const TALK: &str = r#"#!/bin/sh
test ${#T} -gt 20 && test ${#P} -gt 20 || exit 9
echo "$T"; printf 'user:%s' "$P" | base64 -w0 >&2; printf '%s' "$P" > "$OUTPUT_DIR/left.txt"
"#;

/// The arguments of every process of the machine.
fn arguments_of_all() -> String {
    let processes = fs::read_dir("/proc").expect("processes");
    let arguments = processes.flatten().filter_map(|process| {
        let path = Path::new(&process.path()).join("cmdline");
        let bytes = fs::read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).replace('\0', " ") + "\n")
    });
    arguments.collect()
}
