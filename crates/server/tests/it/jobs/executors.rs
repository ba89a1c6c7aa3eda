//! `GET /admin/executors` and the registration of our own executors.

use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{TestServer, bare, example};

#[tokio::test]
async fn idle_and_busy_executors_are_listed_by_name() {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    server.submit(&example()).await;
    let done = server.claim("worker-2").await;
    let path = format!(
        "/api/v1/jobs/{}/complete",
        done["id"].as_str().expect("an id")
    );
    server.put(&path, &bare("worker-2")).json(200).await;
    server.clock.advance_ms(1_500);
    server.claim("worker-1").await;
    server.clock.advance_ms(28_500);
    server.post("/api/v1/jobs/claim", &bare("worker-3")).await;
    assert_snapshot!(server.get("/api/v1/admin/executors").shown().await);
}

#[tokio::test]
async fn a_registration_is_shown() {
    let server = TestServer::open().await;
    let registration = json!({
        "slots": 4,
        "version": "0.1.0",
        "isolation": "standard",
        "isolation_missing": ["cgroups: not writable"],
        "executor_ip": "192.0.2.9",
    });
    let answer = server.put("/api/executors/worker-1", &registration).await;
    assert_snapshot!("registered", answer.shown().await);
    assert_snapshot!(
        "listed",
        server.get("/api/v1/admin/executors").shown().await
    );
}
