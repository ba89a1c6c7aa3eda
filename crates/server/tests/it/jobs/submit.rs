//! `POST /jobs` and `GET /jobs/{id}`.

use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{SHA256, TestServer, example, smallest};

#[tokio::test]
async fn a_job_is_accepted_and_found() {
    let server = TestServer::open().await;
    let answer = server.post("/api/v1/jobs", &example()).await;
    assert_snapshot!("accepted", answer.shown().await);
    let found = server
        .get("/api/v1/jobs/018cc4e5-2200-7000-8000-000000000001")
        .await;
    assert_snapshot!("pending", found.shown().await);
}

#[tokio::test]
async fn the_smallest_job_has_every_documented_field() {
    let server = TestServer::open().await;
    let id = server.submit(&smallest()).await;
    assert_snapshot!(server.job_shown(&id).await);
}

#[tokio::test]
async fn a_job_with_every_addition_shows_them() {
    let server = TestServer::open().await;
    let job = json!({
        "type": "data-processing",
        "binary_url": "http://example.com/binary?version=1",
        "binary_sha256": SHA256.to_uppercase(),
        "arguments": ["", "two words", "\u{20AC} \"quoted\" \\ \n"],
        "env_variables": {"EMPTY": "", "with space": "a=b"},
        "priority": "best_effort",
        "timeout_seconds": 60,
        "max_attempts": 5,
        "retry": {"initial_seconds": 2, "max_seconds": 60.5},
        "not_before": "2024-01-01T14:30:00.250+02:00",
        "labels": {"team": "blue", "empty": ""},
        "another's own": "is ignored",
    });
    let id = server.submit(&job).await;
    assert_snapshot!(server.job_shown(&id).await);
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    let server = TestServer::open().await;
    let request = http::Request::post("/api/v1/jobs").header("content-type", "text/plain");
    let request = request
        .body(example().to_string().into())
        .expect("a request");
    assert_eq!(server.request(request).await.status, 201);
}

#[tokio::test]
async fn ids_rise_with_time() {
    let server = TestServer::open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(server.submit(&example()).await);
        server.clock.advance_ms(1);
    }
    assert!(ids.is_sorted(), "{ids:?}");
}
