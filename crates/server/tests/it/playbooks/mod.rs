//! The contract of playbooks: the library, executions and what operators ask of them.

mod approvals;
mod browser;
mod credentials;
mod executions;
mod library;
mod playgrounds;
mod retry;
mod revisions;
mod schedules;
mod schedules_without_room;

use std::fs;

use serde_json::{Value, json};

use crate::test_server::TestServer;

const CHECKS: &str = "\
name: Health checks
version: '1.0'
description: Waits, then says so
domain: gateway
parameters:
  - {name: seconds, type: float, default: 1.5, description: How long}
  - {name: site, type: string}
steps:
  - {id: wait, name: Wait, type: utility.sleep, parameters: {seconds: '{{ seconds }}'}}
  - {id: note, name: Note, type: utility.log, parameters: {message: 'Done with {{ site }}'}, retry_count: 2}
";

/// A server whose library has these files.
async fn library(files: &[(&str, &str)]) -> TestServer {
    let server = TestServer::open().await;
    for (path, text) in files {
        let file = server.dir().join("data/playbooks").join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    server
}

/// Starts the checks, and answers the id of the execution.
async fn start(server: &TestServer) -> String {
    let start = json!({"playbook_path": "gateway/checks.yaml", "parameters": {"site": "A"}});
    let started = server.post("/api/executions", &start).json(200).await;
    text(&started["execution_id"])
}

async fn get(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/executions/{id}")).json(200).await
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The code and the message of a refusal.
fn refusal(body: &Value) -> (&str, &str) {
    let detail = &body["detail"];
    let text = |name: &str| detail[name].as_str().expect("a text");
    assert!(detail["details"].is_object(), "{body}");
    (text("error"), text("message"))
}
