//! Bodies, filters and times that no client should send: each contract refuses them in its own words.

use fuzz::{nearly, try_inputs};
use http::Method;
use tokio::runtime::Runtime;
use wire::Timestamp;

use crate::test_server::TestServer;

/// Sends what is nearly `body`; no answer is a fault of the server.
fn bodies(path: &'static str, body: &'static str) {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::open());
    try_inputs(&nearly(body.as_bytes()), |bytes| {
        runtime.block_on(async {
            let answer = server.send(Method::POST, path, bytes).await;
            let status = answer.status.as_u16();
            assert!(status < 500, "{status}: {}", answer.text().await);
        });
    });
}

#[test]
fn fuzz_bodies_of_jobs() {
    let body = r#"{"type": "t", "binary_url": "http://h/b", "binary_sha256": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
        "arguments": ["a"], "env_variables": {"A": "b"}, "priority": "foreground", "retry": {"factor": 2.0},
        "not_before": "2030-01-01T00:00:00Z", "labels": {"a": "b"}, "files": {"f": "http://h/f"}}"#;
    bodies("/api/v1/jobs", body);
}

#[test]
fn fuzz_bodies_of_plugin_jobs() {
    let body = r#"{"name": "n", "inputs": [{"data": "text"}], "plugins": [{"name": "p", "config": {"a": [1, null]}}], "priority": 1}"#;
    bodies("/playground/jobs", body);
}

#[test]
fn fuzz_bodies_of_playgrounds() {
    let body = r#"{"name": "n", "playspec_id": 1, "env_overrides": {"A": "b"}, "services": {"web": {"production": true}},
        "expires_at": "2030-01-01T00:00:00Z", "compose_yaml": "services: {web: {image: a}}"}"#;
    bodies("/api/launch", body);
}

#[test]
fn fuzz_bodies_of_playbooks() {
    let body = r#"{"playbook_path": "a.yaml", "parameters": {"a": 1, "b": [true, {"c": "é"}]}, "debug": false}"#;
    bodies("/api/executions", body);
}

#[test]
fn fuzz_filters_of_events() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::open());
    try_inputs(&nearly(b"job.*,*.completed,a**b*"), |bytes| {
        let types: String = url::form_urlencoded::byte_serialize(&bytes).collect();
        let text = String::from_utf8_lossy(&bytes);
        // Nothing but a `*` stands for something else.
        assert!(store::events::names(&text, &text), "{text:?}");
        runtime.block_on(async {
            let answer = server.get(&format!("/api/events?types={types}")).await;
            assert!(answer.status.as_u16() < 500);
        });
    });
}

#[test]
fn fuzz_times() {
    try_inputs(&nearly(b"2024-02-29T23:59:60.123456789+14:00"), |bytes| {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(time) = text.parse::<Timestamp>() {
            // What was read is written in a form that is read again.
            let written = time.to_string();
            let again = written.parse::<Timestamp>().map(|again| again.to_string());
            assert_eq!(again.ok(), Some(written));
        }
    });
}
