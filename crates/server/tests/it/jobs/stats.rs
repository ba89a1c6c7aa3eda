//! `GET /admin/stats`.

use insta::assert_snapshot;
use serde_json::json;

use crate::bed::{Bed, bare, example, example_with};

#[tokio::test]
async fn an_empty_server_has_every_count() {
    let bed = Bed::open().await;
    assert_snapshot!(bed.get("/api/v1/admin/stats").await.shown().await);
}

#[tokio::test]
async fn counts_follow_what_happens() {
    let bed = Bed::open().await;
    for class in [
        "foreground",
        "background",
        "background",
        "best_effort",
        "best_effort",
    ] {
        bed.submit(&example_with(&json!({"priority": class}))).await;
    }
    bed.submit(&example_with(
        &json!({"not_before": "2024-01-02T00:00:00Z"}),
    ))
    .await;
    for (executor, verb) in [
        ("worker-1", "complete"),
        ("worker-2", "fail"),
        ("worker-3", ""),
    ] {
        let job = bed.claim(executor).await;
        if verb.is_empty() {
            continue;
        }
        let path = format!("/api/v1/jobs/{}/{verb}", job["id"].as_str().expect("an id"));
        bed.put(&path, &bare(executor)).await.json(200).await;
    }
    let cancelled = bed.submit(&example()).await;
    bed.delete(&format!("/api/v1/jobs/{cancelled}"))
        .await
        .json(200)
        .await;
    assert_snapshot!(bed.get("/api/v1/admin/stats").await.shown().await);
}

#[tokio::test]
async fn an_executor_that_is_not_heard_of_is_not_active() {
    let bed = Bed::open().await;
    bed.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    assert_eq!(bed.stats().await["active_executors"], 1);
    bed.clock.advance_ms(60_001);
    assert_eq!(bed.stats().await["active_executors"], 0);
}
