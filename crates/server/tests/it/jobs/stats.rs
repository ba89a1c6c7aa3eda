//! `GET /admin/stats`.

use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{TestServer, bare, example};

#[tokio::test]
async fn an_empty_server_has_every_count() {
    let server = TestServer::open().await;
    assert_snapshot!(server.get("/api/v1/admin/stats").shown().await);
}

#[tokio::test]
async fn counts_follow_what_happens() {
    let server = TestServer::open().await;
    for priority in [
        "foreground",
        "background",
        "background",
        "best_effort",
        "best_effort",
    ] {
        server.submit_with(&json!({"priority": priority})).await;
    }
    server
        .submit_with(&json!({"not_before": "2024-01-02T00:00:00Z"}))
        .await;
    for (executor, verb) in [
        ("worker-1", "complete"),
        ("worker-2", "fail"),
        ("worker-3", ""),
    ] {
        let job = server.claim(executor).await;
        if verb.is_empty() {
            continue;
        }
        let path = format!("/api/v1/jobs/{}/{verb}", job["id"].as_str().expect("an id"));
        server.put(&path, &bare(executor)).json(200).await;
    }
    let cancelled = server.submit(&example()).await;
    server
        .delete(&format!("/api/v1/jobs/{cancelled}"))
        .json(200)
        .await;
    assert_snapshot!(server.get("/api/v1/admin/stats").shown().await);
}

#[tokio::test]
async fn an_executor_that_is_not_heard_of_is_not_active() {
    let server = TestServer::open().await;
    server.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    assert_eq!(server.stats().await["active_executors"], 1);
    server.clock.advance_ms(60_001);
    assert_eq!(server.stats().await["active_executors"], 0);
}
