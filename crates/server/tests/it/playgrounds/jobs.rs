//! Playgrounds in job mode.

use serde_json::{Value, json};

use super::{ask, claim, claim_as, finish, get, perform, register, report, running, service};
use crate::test_server::TestServer;

fn job() -> Value {
    json!({"job_mode": true, "watched_services": ["web"]})
}

async fn see(server: &TestServer, services: Value) {
    let body = json!({"playgrounds": [{"id": 1, "services": services}]});
    server
        .post("/api/executors/docker-1/playgrounds", &body)
        .json(200)
        .await;
}

fn exited(name: &str, code: i64) -> Value {
    json!({"name": name, "status": "exited", "running": false, "exit_code": code})
}

#[tokio::test]
async fn a_job_is_completed_when_its_watched_services_have_exited() {
    let server = running(&job()).await;
    see(&server, json!([service("web", "running"), exited("db", 0)])).await;
    assert_eq!(claim_as(&server, "docker-1").await, Value::Null);
    server.get("/api/playgrounds/1/job_result").json(404).await;
    see(&server, json!([exited("web", 3), service("db", "running")])).await;
    assert_eq!(
        get(&server, "1").await["status"],
        "running",
        "its result is not there yet"
    );
    let run = claim(&server).await;
    assert_eq!(
        (
            &run["name"],
            &run["input"]["playground"]["watched_services"]
        ),
        (&json!("complete"), &json!(["web"]))
    );
    assert_eq!(
        server.server.end_playgrounds().await.expect("a tick"),
        0,
        "once is enough"
    );
    let outcome = json!({"services": [],
        "job": {"success": false, "exit_code": 3, "service_results": {"web": 3}},
        "logs": [{"service": "web", "lines": ["one", "two"]}]});
    report(&server, &run, &outcome).await;
    finish(&server, &run, "completed", None).await;
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["result_status"]),
        (&json!("completed"), &json!("failure"))
    );
    let result = get(&server, "1/job_result").await;
    assert_eq!(
        result,
        json!({"id": 1, "success": false, "exit_code": 3,
        "completed_at": "2024-01-01T12:00:00Z", "service_results": {"web": 3},
        "tail_logs": {"web": ["one", "two"]}})
    );
    let logs = get(&server, "1/logs/web?tail=1").await;
    assert_eq!(
        logs,
        json!({"service": "web", "lines": ["two"], "source": "cached"})
    );
    for path in [
        "1/rollout",
        "1/hard_restart",
        "1/extend_expiration",
        "1/stop",
    ] {
        let refused = ask(&server, path).json(422).await;
        assert_eq!(
            refused["error"]["details"]["current_status"], "completed",
            "{path}"
        );
    }
    assert_eq!(server.delete("/api/playgrounds/1").status().await, 202);
}

#[tokio::test]
async fn a_job_that_an_executor_saw_ending_while_the_server_was_busy_is_found_by_the_loop() {
    let server = running(&job()).await;
    // The rollout has the playground, so its end does not complete the job.
    ask(&server, "1/rollout").json(200).await;
    let run = claim(&server).await;
    see(&server, json!([exited("web", 0), exited("db", 0)])).await;
    let services = json!([exited("web", 0), exited("db", 0)]);
    report(&server, &run, &json!({"services": services})).await;
    finish(&server, &run, "completed", None).await;
    assert_eq!(claim_as(&server, "docker-1").await, Value::Null);
    assert_eq!(server.server.end_playgrounds().await.expect("a tick"), 1);
    assert_eq!(claim(&server).await["name"], "complete");
}

/// Has the time of the playground be over, and its destroy leave this.
async fn expire(server: &TestServer, outcome: &Value) {
    server.clock.advance_ms(3_600_000);
    register(server, "docker-1").await;
    assert_eq!(server.server.end_playgrounds().await.expect("a tick"), 1);
    let run = perform(server, outcome).await;
    assert_eq!(run["input"]["action"], "destroy");
}

fn done() -> Value {
    json!({"services": [], "job": {"success": true, "exit_code": 0, "service_results": {"web": 0}}})
}

#[tokio::test]
async fn the_result_outlives_a_destroy_that_leaves_the_playground() {
    let server = running(&job()).await;
    see(&server, json!([exited("web", 0)])).await;
    perform(&server, &done()).await;
    expire(&server, &json!({"dirty": ["web"]})).await;
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["result_status"]),
        (&json!("has_changes"), &json!("success"))
    );
    let at = "2024-01-01T12:00:00Z";
    assert_eq!(get(&server, "1/job_result").await["completed_at"], at);
    server.delete("/api/playgrounds/1").json(202).await;
    let run = claim(&server).await;
    finish(&server, &run, "failed", Some("the disk is full")).await;
    assert_eq!(get(&server, "1").await["status"], "error");
    assert_eq!(get(&server, "1/job_result").await["exit_code"], 0);
    // What is started again has no result yet.
    let path = "/api/playgrounds/1/retry_compose";
    server.post(path, &json!({"force": true})).json(200).await;
    server.get("/api/playgrounds/1/job_result").json(404).await;
}

#[tokio::test]
async fn a_job_that_its_checkout_keeps_is_completed_all_the_same() {
    let server = running(&job()).await;
    expire(&server, &json!({"dirty": ["web"]})).await;
    assert_eq!(get(&server, "1").await["status"], "has_changes");
    see(&server, json!([exited("web", 0)])).await;
    assert_eq!(perform(&server, &done()).await["name"], "complete");
    assert_eq!(get(&server, "1").await["status"], "completed");
    assert_eq!(get(&server, "1/job_result").await["success"], true);
}
