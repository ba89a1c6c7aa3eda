//! `POST /jobs/bulk` and `POST /jobs/bulk/cancel`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::test_server::{TestServer, example, example_with, smallest};

#[tokio::test]
async fn many_jobs_are_accepted_in_their_order() {
    let server = TestServer::open().await;
    let jobs = json!([smallest(), example_with(&json!({"priority": "foreground"}))]);
    assert_snapshot!(server.post("/api/v1/jobs/bulk", &jobs).shown().await);
    let first = server.job("018cc4e5-2200-7000-8000-000000000001").await;
    assert_eq!(first["type"], "small");
}

#[tokio::test]
async fn one_bad_item_refuses_all_and_is_named() {
    let server = TestServer::open().await;
    let before = server.stats().await;
    let jobs = json!([
        example(),
        example_with(&json!({"priority": "urgent"})),
        smallest()
    ]);
    assert_snapshot!(
        "value",
        server.post("/api/v1/jobs/bulk", &jobs).shown().await
    );
    let jobs = json!([
        example(),
        smallest(),
        example_with(&json!({"arguments": [1]}))
    ]);
    assert_snapshot!(
        "type",
        server.post("/api/v1/jobs/bulk", &jobs).shown().await
    );
    let mut missing = smallest();
    missing
        .as_object_mut()
        .expect("an object")
        .remove("binary_url");
    let jobs = json!([missing, smallest()]);
    assert_snapshot!(
        "missing",
        server.post("/api/v1/jobs/bulk", &jobs).shown().await
    );
    assert_eq!(server.stats().await, before);
}

#[tokio::test]
async fn ten_thousand_jobs_are_taken_and_one_more_is_not() {
    let server = TestServer::open().await;
    let mut jobs: Vec<Value> = (0..10_001).map(|_| smallest()).collect();
    let refused = server
        .post("/api/v1/jobs/bulk", &json!(jobs))
        .refused(400)
        .await;
    assert_eq!(refused["context"]["field"], "body");
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 0);
    jobs.pop();
    let accepted = server
        .post("/api/v1/jobs/bulk", &json!(jobs))
        .json(201)
        .await;
    assert_eq!(accepted.as_array().map(Vec::len), Some(10_000));
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 10_000);
}

#[tokio::test]
async fn a_bulk_cancel_says_of_each_what_became_of_it() {
    let server = TestServer::open().await;
    let first = server.submit(&example()).await;
    server.claim("worker-1").await;
    let second = server.submit(&example()).await;
    let third = server.submit(&example()).await;
    let ids = json!({"job_ids": [
        second,
        first,
        "018cc4e5-2200-7000-8000-0000000000ff",
        "not an id",
        third,
        third,
    ]});
    assert_snapshot!(server.post("/api/v1/jobs/bulk/cancel", &ids).shown().await);
    assert_eq!(server.status(&first).await, "running");
    assert_eq!(server.stats().await["jobs_by_status"]["cancelled"], 2);
    let none = server
        .post("/api/v1/jobs/bulk/cancel", &json!({"job_ids": []}))
        .await;
    assert_eq!(
        none.json(200).await,
        json!({"cancelled": 0, "failed": 0, "errors": []})
    );
}
