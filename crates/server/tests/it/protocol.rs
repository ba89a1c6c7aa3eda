//! The executor protocol beyond claims and leases: exchanges, parts of a run, and runs that wait.

use serde_json::{Value, json};

use crate::test_server::{TestServer, example};

const EXCHANGE: &str = "/api/executors/worker-1/exchange";

/// A server with an executor that has the plugins `one` and `two`.
async fn server() -> TestServer {
    let server = TestServer::open().await;
    let plugin = |name: &str| json!({"name": name, "enabled": true, "host": "process"});
    let registration = json!({"slots": 1, "version": "1", "isolation": "none",
        "kinds": ["plugin_job"], "plugins": [plugin("one"), plugin("two")]});
    server
        .put("/api/executors/worker-1", &registration)
        .json(200)
        .await;
    server
}

async fn exchange(server: &TestServer, results: Value, kinds: &[&str]) -> Value {
    let claim = json!({"kinds": kinds, "wait_seconds": 60, "max": 2});
    let body = json!({"results": results, "claim": claim});
    server.post(EXCHANGE, &body).json(200).await
}

#[tokio::test]
async fn results_are_exchanged_for_runs_and_never_wait() {
    let server = server().await;
    let ids = [
        server.submit(&example()).await,
        server.submit(&example()).await,
    ];
    let begun = std::time::Instant::now();
    let first = server.claim("worker-1").await["id"].clone();
    assert_eq!(first, ids[0]);
    let result = json!({"run_id": first, "token": 1, "outcome": "completed"});
    let unknown = json!({"run_id": "nothing", "token": 1, "outcome": "completed"});
    let answer = exchange(&server, json!([result, unknown]), &["job"]).await;
    let accepted = |place: usize| answer["results"][place]["accepted"].clone();
    assert_eq!((accepted(0), accepted(1)), (json!(true), json!(false)));
    assert_eq!(answer["runs"][0]["id"], ids[1]);
    assert_eq!(server.status(&ids[0]).await, "completed");
    let result = json!({"run_id": ids[1], "token": 1, "outcome": "timed_out"});
    let answer = exchange(&server, json!([result]), &["job"]).await;
    assert_eq!(answer["runs"], json!([]));
    assert!(begun.elapsed().as_secs() < 50, "it waited for runs");
    let job = server.job(&ids[1]).await;
    assert_eq!(job["attempts"][0]["status"], "timeout");
}

/// A plugin job that `worker-1` has claimed.
async fn claimed(server: &TestServer) -> (String, Value) {
    let body = json!({"input": 1, "plugins": ["one", "two"]});
    let job = server.post("/playground/jobs", &body).json(200).await;
    let id = job["id"].as_str().expect("an id").to_owned();
    let start = format!("/playground/jobs/{id}/start");
    server.post(&start, &json!(null)).json(200).await;
    let run = claim(server).await;
    assert_eq!(run["id"], id);
    (id, run)
}

async fn claim(server: &TestServer) -> Value {
    exchange(server, json!([]), &["plugin_job"]).await["runs"][0].clone()
}

fn report(token: i64, parts: &Value) -> Value {
    json!({"executor": "worker-1", "token": token, "parts": parts})
}

#[tokio::test]
async fn parts_are_reported_once_and_handed_to_the_next_attempt() {
    let server = server().await;
    let (id, run) = claimed(&server).await;
    assert!(run.get("parts").is_none(), "{run}");
    let path = format!("/api/runs/{id}/parts");
    let begun = json!({"number": 1, "name": "one", "stage": "started", "tries": 1});
    let answer = server
        .post(&path, &report(1, &json!([begun])))
        .json(200)
        .await;
    assert_eq!(answer["signals"]["generation"], 0);
    let ended = json!({"number": 1, "name": "one", "stage": "completed", "tries": 1,
        "body": {"metric": {"n": 1}, "took_ms": 5}});
    let next = json!({"number": 2, "name": "two", "stage": "started", "tries": 1});
    for _ in 0..2 {
        let both = report(1, &json!([ended, next]));
        server.post(&path, &both).json(200).await;
    }
    let contradiction = json!([{"number": 1, "name": "one", "stage": "failed", "tries": 1}]);
    for wrong in [
        contradiction,
        json!([{"number": 3, "name": "", "stage": "started"}]),
        json!([{"number": 3, "name": "x", "stage": "begun"}]),
        json!([{"number": 3, "name": "x", "stage": "started", "event": "e".repeat(20_000)}]),
    ] {
        let refused = server.post(&path, &report(1, &wrong)).await;
        assert!(matches!(refused.status.as_u16(), 400 | 409), "{wrong}");
    }
    server
        .post(&path, &report(2, &json!([next])))
        .problem(404)
        .await;
    server.clock.advance_ms(30_000);
    server.reap().await;
    let run = claim(&server).await;
    let parts = run["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 2);
    assert_eq!(
        (&parts[0]["stage"], &parts[0]["body"]["metric"]),
        (&json!("completed"), &json!({"n": 1}))
    );
    assert_eq!(parts[1]["stage"], "interrupted");
}

#[tokio::test]
async fn a_run_waits_without_a_lease_unless_something_has_happened() {
    let server = server().await;
    let (id, _) = claimed(&server).await;
    let path = format!("/api/runs/{id}/park");
    let park = |token: i64, wait_for: &str, timeout_ms: Option<u64>| {
        json!({"executor": "worker-1", "token": token, "wait_for": wait_for,
            "timeout_ms": timeout_ms})
    };
    for wrong in [park(1, "nothing", None), park(1, "time", None)] {
        server.post(&path, &wrong).problem(400).await;
    }
    server
        .post(&path, &park(2, "operator", None))
        .problem(404)
        .await;
    server
        .post(&path, &park(1, "children", None))
        .problem(409)
        .await;
    let waits = server.post(&path, &park(1, "time", Some(5_000))).await;
    assert_eq!(waits.status, 204);
    // It holds no lease, and nothing of it is lost.
    server.clock.advance_ms(5_000);
    server.schedule().await;
    let run = claim(&server).await;
    assert_eq!((&run["id"], &run["token"]), (&json!(id), &json!(2)));
    let cancel = format!("/playground/jobs/{id}/cancel");
    server.post(&cancel, &json!(null)).json(200).await;
    server
        .post(&path, &park(2, "operator", None))
        .problem(409)
        .await;
}
