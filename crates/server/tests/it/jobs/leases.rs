//! One call that extends all leases, and results in batches.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::test_server::{TestServer, bare, example};

const LEASES: &str = "/api/executors/worker-1/leases";
const EXCHANGE: &str = "/api/executors/worker-1/exchange";

async fn running(server: &TestServer, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(server.submit(&example()).await);
        server.claim("worker-1").await;
    }
    ids
}

fn lease(id: &str, token: i64) -> Value {
    json!({"run_id": id, "token": token})
}

#[tokio::test]
async fn every_lease_is_extended_and_answered_in_order() {
    let server = TestServer::open().await;
    let ids = running(&server, 2).await;
    server
        .post(&format!("/api/v1/jobs/{}/cancel", ids[1]), &json!(null))
        .json(200)
        .await;
    server.clock.advance_ms(25_000);
    let leases = json!({"leases": [
        lease(&ids[1], 1),
        lease("not an id", 1),
        lease(&ids[0], 1),
        lease(&ids[0], 2),
        lease("018cc4e5-2200-7000-8000-0000000000ff", 1),
    ]});
    assert_snapshot!(server.post(LEASES, &leases).shown().await);
    server.clock.advance_ms(29_999);
    assert_eq!(server.reap().await, 0);
}

#[tokio::test]
async fn a_waiting_call_hears_of_a_cancel_at_once() {
    let server = TestServer::open().await;
    let ids = running(&server, 1).await;
    let started = std::time::Instant::now();
    let wait = json!({"leases": [lease(&ids[0], 1)], "wait_seconds": 60});
    let cancel = format!("/api/v1/jobs/{}/cancel", ids[0]);
    let nothing = json!(null);
    let (renewed, cancelled) =
        tokio::join!(server.post(LEASES, &wait), server.post(&cancel, &nothing));
    cancelled.json(200).await;
    let signals = renewed.json(200).await["leases"][0]["signals"].clone();
    assert_eq!(
        signals,
        json!({"generation": 1, "pause": 0, "skip": 0, "cancel": 1})
    );
    assert!(started.elapsed().as_secs() < 30);
    // What the executor knows already is no news.
    let seen = json!({"run_id": ids[0], "token": 1, "seen": 1});
    let wait = json!({"leases": [seen], "wait_seconds": 0.1});
    server.post(LEASES, &wait).json(200).await;
    assert!(started.elapsed().as_millis() >= 100);
}

#[tokio::test]
async fn results_are_accepted_or_refused_one_by_one() {
    let server = TestServer::open().await;
    let ids = running(&server, 3).await;
    let result = |id: &str, completed: bool, token: i64| {
        let outcome = if completed { "completed" } else { "failed" };
        json!({"run_id": id, "token": token, "outcome": outcome, "exit_code": 0})
    };
    let results = json!({"results": [
        result(&ids[0], true, 1),
        result(&ids[1], false, 1),
        result(&ids[2], true, 9),
        result("not an id", true, 1),
        result("018cc4e5-2200-7000-8000-0000000000ff", true, 1),
        result(&ids[0], true, 1),
    ]});
    assert_snapshot!(server.post(EXCHANGE, &results).await.shown().await);
    let mut found = Vec::new();
    for id in &ids {
        found.push(server.status(id).await);
    }
    assert_eq!(found, ["completed", "failed", "running"]);
    let executors = server.get("/api/v1/admin/executors").json(200).await;
    assert_eq!(
        executors[0]["jobs_completed"], 1,
        "a repetition does not count"
    );
}

#[tokio::test]
async fn a_batch_may_end_an_attempt_and_say_so_again_with_a_retry_policy() {
    let server = TestServer::open().await;
    let id = server.submit_with(&json!({"retry": {}})).await;
    server.claim("worker-1").await;
    let result = json!({"run_id": id, "token": 1, "outcome": "failed", "exit_code": 1});
    let answer = server
        .post(EXCHANGE, &json!({"results": [result, result]}))
        .await
        .json(200)
        .await;
    assert_eq!(answer["results"][1]["accepted"], true);
    let job = server.job(&id).await;
    assert_eq!(job["status"], "pending");
    assert_eq!(job["attempts"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn too_many_are_refused() {
    let server = TestServer::open().await;
    server.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    let leases: Vec<Value> = (0..10_001).map(|_| lease("x", 1)).collect();
    let refused = server.post(LEASES, &json!({"leases": leases})).await;
    assert!(refused.problem(400).await.contains("leases"));
    let result = json!({"run_id": "x", "token": 1, "outcome": "completed"});
    let results: Vec<&Value> = (0..1_001).map(|_| &result).collect();
    let refused = server.post(EXCHANGE, &json!({"results": results})).await;
    assert!(refused.problem(400).await.contains("results"));
}
