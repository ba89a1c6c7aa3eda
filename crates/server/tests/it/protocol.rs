//! The executor protocol: results are exchanged for new runs.

use serde_json::{Value, json};

use crate::test_server::{TestServer, example};

const EXCHANGE: &str = "/api/executors/worker-1/exchange";

async fn exchange(server: &TestServer, results: Value) -> Value {
    let claim = json!({"kinds": ["job"], "wait_seconds": 60, "max": 2});
    let body = json!({"results": results, "claim": claim});
    server.post(EXCHANGE, &body).json(200).await
}

#[tokio::test]
async fn results_are_exchanged_for_runs_and_never_wait() {
    let server = TestServer::open().await;
    let ids = [
        server.submit(&example()).await,
        server.submit(&example()).await,
    ];
    let begun = std::time::Instant::now();
    let first = server.claim("worker-1").await["id"].clone();
    assert_eq!(first, ids[0]);
    let result = json!({"run_id": first, "token": 1, "outcome": "completed"});
    let unknown = json!({"run_id": "nothing", "token": 1, "outcome": "completed"});
    let answer = exchange(&server, json!([result, unknown])).await;
    let accepted = |place: usize| answer["results"][place]["accepted"].clone();
    assert_eq!((accepted(0), accepted(1)), (json!(true), json!(false)));
    assert_eq!(answer["runs"][0]["id"], ids[1]);
    assert_eq!(server.status(&ids[0]).await, "completed");
    let result = json!({"run_id": ids[1], "token": 1, "outcome": "timed_out"});
    let answer = exchange(&server, json!([result])).await;
    assert_eq!(answer["runs"], json!([]));
    assert!(begun.elapsed().as_secs() < 50, "it waited for runs");
    let job = server.job(&ids[1]).await;
    assert_eq!(job["attempts"][0]["status"], "timeout");
}
