//! Playbooks are started; executions are looked at, steered and deleted.

use std::fs;

use serde_json::{Value, json};

use super::{CHECKS, get, library, refusal, start, text};
use crate::test_server::TestServer;

const NONE: &str = "018cc4e5-2200-7000-8000-0000000000ff";

async fn checks() -> TestServer {
    library(&[("gateway/checks.yaml", CHECKS)]).await
}

/// An executor takes the execution; answers the run with its lease.
pub(super) async fn claim(server: &TestServer) -> Value {
    let body = json!({"slots": 1, "version": "1.0.0", "isolation": "standard",
        "kinds": ["execution"], "plugins": []});
    server.put("/api/executors/player", &body).json(200).await;
    let body = json!({"claim": {"kinds": ["execution"], "max": 1}});
    let taken = server
        .post("/api/executors/player/exchange", &body)
        .json(200)
        .await;
    taken["runs"][0].clone()
}

/// What an executor reports: parts, and how many steps have ended and failed.
pub(super) async fn report(
    server: &TestServer,
    run: &Value,
    parts: Value,
    (ended, failures): (usize, usize),
) {
    let path = format!("/api/runs/{}/parts", text(&run["id"]));
    let state = json!({"ended_steps": ended, "failures": failures});
    let body = json!({"executor": "player", "token": run["token"], "parts": parts, "state": state});
    server.post(&path, &body).json(200).await;
}

pub(super) fn part(number: i64, name: &str, stage: &str, body: &Value) -> Value {
    json!({"number": number, "name": name, "stage": stage, "tries": 1, "body": body})
}

pub(super) async fn ask(server: &TestServer, id: &str, control: &str, status: u16) -> Value {
    let path = format!("/api/executions/{id}/{control}");
    server.post(&path, &json!(null)).json(status).await
}

async fn listed(server: &TestServer, status: &str) -> usize {
    let list = server
        .get(&format!("/api/executions?status={status}"))
        .json(200)
        .await;
    list.as_array().expect("a list").len()
}

#[tokio::test]
async fn an_execution_is_shown_as_it_goes_on() {
    let server = checks().await;
    let body = json!({"playbook_path": "gateway/checks.yaml", "parameters": {"site": "A"}});
    let started = server.post("/api/executions", &body).json(200).await;
    let id = text(&started["execution_id"]);
    let expected = json!({"execution_id": id, "playbook_name": "Health checks", "status": "started",
        "message": format!("Execution started with ID: {id}")});
    assert_eq!(started, expected);
    let pending = get(&server, &id).await;
    assert_eq!(pending["status"], "pending");
    assert_eq!(pending["step_results"][1]["status"], "pending");

    let run = claim(&server).await;
    assert_eq!(
        run["input"]["parameters"],
        json!({"seconds": 1.5, "site": "A"})
    );
    server.clock.advance_ms(1_000);
    report(
        &server,
        &run,
        json!([part(1, "wait", "started", &json!({"name": "Wait"}))]),
        (0, 0),
    )
    .await;
    server.clock.advance_ms(2_000);
    let ended = json!({"name": "Wait", "type": "utility.sleep", "output": {"slept": 1.5}});
    let note = json!({"name": "Note", "type": "utility.log"});
    let parts = json!([
        part(1, "wait", "completed", &ended),
        part(2, "note", "started", &note)
    ]);
    report(&server, &run, parts, (1, 0)).await;
    let found = get(&server, &id).await;
    insta::assert_json_snapshot!("running", found);
    assert_eq!(
        server
            .get(&format!("/api/executions/{id}/status"))
            .json(200)
            .await,
        found
    );
    // A list does not read what steps left.
    let mut listed = found.clone();
    listed["step_results"][0]["output"] = Value::Null;
    listed["step_results"][0]["output_omitted"] = json!(true);
    assert_eq!(
        server.get("/api/executions").json(200).await,
        json!([listed])
    );

    let failed = json!({"name": "Note", "type": "utility.log", "error": "no"});
    let parts = json!([part(2, "note", "failed", &failed)]);
    report(&server, &run, parts, (2, 1)).await;
    let result = json!({"run_id": id, "token": run["token"], "outcome": "failed",
        "error_message": "Step 'note' failed: no"});
    let body = json!({"results": [result]});
    server
        .post("/api/executors/player/exchange", &body)
        .json(200)
        .await;
    let found = get(&server, &id).await;
    assert_eq!(found["status"], "failed");
    assert_eq!(found["error"], "Step 'note' failed: no");
    assert_eq!(
        (&found["current_step_index"], &found["failures"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(found["completed_at"], "2024-01-01T12:00:03Z");
}

#[tokio::test]
async fn an_execution_keeps_the_playbook_that_it_started_with() {
    let server = checks().await;
    let id = start(&server).await;
    let file = server.dir().join("data/playbooks/gateway/checks.yaml");
    fs::write(
        file,
        CHECKS
            .replace("Health checks", "Other")
            .replace("note", "other"),
    )
    .expect("a file");
    let run = claim(&server).await;
    assert_eq!(run["id"], id);
    assert_eq!(
        run["input"]["playbooks"],
        json!({"gateway/checks.yaml": CHECKS})
    );
    let found = get(&server, &id).await;
    assert_eq!(found["playbook_name"], "Health checks");
    assert_eq!(found["step_results"][1]["step_id"], "note");
}

#[tokio::test]
async fn a_start_that_is_wrong_starts_nothing() {
    let server = checks().await;
    let start = |body: Value| {
        let server = &server;
        async move { server.post("/api/executions", &body).json(400).await }
    };
    let path = "gateway/checks.yaml";
    let missing = start(json!({"playbook_path": path})).await;
    let (code, message) = refusal(&missing);
    assert_eq!(code, "validation_error");
    assert!(message.contains("site"), "{message}");
    assert_eq!(missing["detail"]["details"]["parameters"], json!(["site"]));
    let mistyped = json!({"site": "A", "seconds": "soon"});
    let mistyped = start(json!({"playbook_path": path, "parameters": mistyped})).await;
    assert!(refusal(&mistyped).1.contains("seconds"));
    let many: serde_json::Map<_, _> = (0..51).map(|n| (format!("p{n}"), json!(n))).collect();
    for wrong in [
        json!({"playbook_path": path, "parameters": {"site": "A"}, "gateway_url": "ftp://a"}),
        json!({"playbook_path": path, "parameters": many}),
        json!({"playbook_path": path, "parameters": [1]}),
        json!({"playbook_path": 7}),
        json!({}),
    ] {
        assert_eq!(refusal(&start(wrong).await).0, "validation_error");
    }
    assert_eq!(server.get("/api/executions").json(200).await, json!([]));
}

#[tokio::test]
async fn a_repeated_start_starts_once() {
    let server = checks().await;
    let body = json!({"playbook_path": "gateway/checks.yaml", "parameters": {"site": "A"}});
    let start = || {
        let headers = [("idempotency-key", "nightly")];
        server.with_headers(
            http::Method::POST,
            "/api/executions",
            &headers,
            &body.to_string(),
        )
    };
    let first = start().json(200).await;
    assert_eq!(start().json(200).await, first);
    let file = server.dir().join("data/playbooks/gateway/checks.yaml");
    fs::remove_file(file).expect("removed");
    assert_eq!(
        start().json(200).await,
        first,
        "also when the playbook has gone"
    );
    let list = server.get("/api/executions").json(200).await;
    assert_eq!(list.as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn operators_pause_resume_skip_and_cancel() {
    let server = checks().await;
    let id = start(&server).await;
    let paused = ask(&server, &id, "pause", 200).await;
    assert_eq!(
        paused,
        json!({"message": "Execution paused", "execution_id": id})
    );
    assert_eq!(get(&server, &id).await["status"], "paused");
    assert_eq!(listed(&server, "paused").await, 1);
    assert_eq!(listed(&server, "waiting").await, 0);
    assert_eq!(listed(&server, "running").await, 0);
    let resumed = ask(&server, &id, "resume", 200).await;
    assert_eq!(resumed["message"], "Execution resumed");
    assert_eq!(listed(&server, "pending").await, 1);

    let run = claim(&server).await;
    assert_eq!(get(&server, &id).await["status"], "running");
    assert_eq!(
        ask(&server, &id, "skip", 200).await["message"],
        "Step skipped"
    );
    assert_eq!(
        ask(&server, &id, "cancel", 200).await["message"],
        "Execution cancelled"
    );
    let refused = server
        .delete(&format!("/api/executions/{id}"))
        .json(400)
        .await;
    assert_eq!(refusal(&refused).0, "validation_error");
    let result = json!({"run_id": id, "token": run["token"], "outcome": "failed",
        "error_message": "cancelled"});
    let body = json!({"results": [result]});
    server
        .post("/api/executors/player/exchange", &body)
        .json(200)
        .await;
    assert_eq!(get(&server, &id).await["status"], "cancelled");
    for control in ["pause", "resume", "skip"] {
        let refused = ask(&server, &id, control, 400).await;
        assert_eq!(refusal(&refused).0, "validation_error", "{control}");
    }

    let deleted = server
        .delete(&format!("/api/executions/{id}"))
        .json(200)
        .await;
    let expected = json!({"message": "Execution deleted successfully", "execution_id": id,
        "screenshots_deleted": 0});
    assert_eq!(deleted, expected);
    let gone = server.get(&format!("/api/executions/{id}")).json(404).await;
    assert_eq!(refusal(&gone).0, "execution_not_found");
}

#[tokio::test]
async fn what_is_no_execution_is_not_found() {
    let server = checks().await;
    let job = server.submit(&crate::test_server::smallest()).await;
    for id in [NONE, "none", &job] {
        let gone = server.get(&format!("/api/executions/{id}")).json(404).await;
        let (code, message) = refusal(&gone);
        assert_eq!(code, "execution_not_found");
        assert!(message.contains(id), "{message}");
        for control in ["pause", "resume", "skip", "cancel"] {
            assert_eq!(
                refusal(&ask(&server, id, control, 404).await).0,
                "execution_not_found"
            );
        }
    }
    let wrong = server.get("/api/executions?status=stopped").json(400).await;
    assert_eq!(refusal(&wrong).0, "validation_error");
    let wrong = server.get("/api/executions?limit=0").json(400).await;
    assert_eq!(refusal(&wrong).0, "validation_error");
}

#[tokio::test]
async fn what_is_too_long_is_left_out_and_every_step_is_there() {
    let server = checks().await;
    let id = start(&server).await;
    let run = claim(&server).await;
    let body =
        |bytes: usize| json!({"name": "S", "type": "t", "output": {"text": "x".repeat(bytes)}});
    let (mut number, mut parts) = (0, Vec::new());
    for bytes in [10, 300_000, 200_000].into_iter().chain([200_000; 100]) {
        number += 1;
        parts.push(part(
            number,
            &format!("s{number}"),
            "completed",
            &body(bytes),
        ));
        if parts.len() == 20 {
            report(&server, &run, json!(std::mem::take(&mut parts)), (0, 0)).await;
        }
    }
    let small = (0..250).map(|_| {
        number += 1;
        part(number, &format!("s{number}"), "completed", &body(10))
    });
    parts.extend(small);
    report(&server, &run, json!(parts), (0, 0)).await;
    let found = get(&server, &id).await;
    let steps = found["step_results"].as_array().expect("steps");
    // Two are planned, and none of those that ran.
    assert_eq!(steps.len(), 2 + 353);
    let step = |number: usize| &steps[number + 1];
    assert_eq!(step(1)["output"]["text"].as_str().map(str::len), Some(10));
    assert_eq!(
        (&step(2)["output"], &step(2)["output_omitted"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(
        step(3)["output"]["text"].as_str().map(str::len),
        Some(200_000)
    );
    let shown: usize = steps.iter().map(|step| step.to_string().len()).sum();
    assert!((16 << 20..64 << 20).contains(&shown), "{shown}");
    assert_eq!(
        step(353)["output_omitted"],
        true,
        "there is room for no more"
    );
    assert_eq!(
        (&step(353)["step_id"], &step(353)["status"]),
        (&json!("s353"), &json!("completed"))
    );
    let list = server.get("/api/executions").json(200).await;
    assert_eq!(list[0]["step_results"].as_array().map(Vec::len), Some(50));
    assert_eq!(list[0]["omitted_steps"], 303);
}
