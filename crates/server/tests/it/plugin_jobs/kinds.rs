//! Plugin jobs and plain jobs do not see each other.

use http::Method;
use serde_json::json;

use super::{create, path, refused, server, shown, start, take, taken};
use crate::{answer::has, test_server::example};

#[tokio::test]
async fn the_routes_of_jobs_do_not_know_plugin_jobs() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    work.started(&server, "one").await;
    let before = shown(&server, &work.id).await;
    let job = |rest: &str| format!("/api/v1/jobs/{}{rest}", work.id);
    for rest in ["", "/logs", "/logs?stream=stderr", "/logs?follow=1"] {
        server.get(&job(rest)).refused(404).await;
    }
    server.delete(&job("")).refused(404).await;
    for rest in ["/cancel", "/retry"] {
        server.post(&job(rest), &json!(null)).refused(404).await;
    }
    let body = json!({"job_ids": [work.id]});
    let bulk = server
        .post("/api/v1/jobs/bulk/cancel", &body)
        .json(200)
        .await;
    has(&bulk, &json!({"cancelled": 0, "failed": 1}));
    assert_eq!(server.get("/api/v1/jobs").json(200).await, json!([]));
    let stats = server.stats().await;
    assert!(
        stats["jobs_by_status"]
            .as_object()
            .expect("counts")
            .values()
            .all(|n| n == 0),
        "{stats}"
    );
    server.claims_nothing("w").await;
    assert_eq!(shown(&server, &work.id).await, before);
    // What an executor says of what it holds is heard.
    let holder = json!({"executor_id": "worker-1", "lease_token": work.token});
    server.put(&job("/heartbeat"), &holder).json(200).await;
    let chunk = "output?stream=stdout&offset=0&executor=worker-1&token=1";
    let chunk = format!("/api/runs/{}/{chunk}", work.id);
    let sent = server.send(Method::POST, &chunk, "text").await;
    assert_eq!(sent.status, 204);
    server.put(&job("/complete"), &holder).json(200).await;
    assert_eq!(
        shown(&server, &work.id).await["progress"]["status"],
        "completed"
    );
    server.post(&job("/retry"), &json!(null)).refused(404).await;
}

#[tokio::test]
async fn the_routes_of_plugin_jobs_do_not_know_jobs() {
    let server = server().await;
    let job = server.submit(&example()).await;
    for rest in ["", "/progress", "/events"] {
        assert_eq!(
            refused(server.get(&path(&job, rest)).await, 404).await,
            "job not found"
        );
    }
    for rest in ["/start", "/cancel"] {
        refused(server.post(&path(&job, rest), &json!(null)).await, 404).await;
    }
    refused(server.delete(&path(&job, "")).await, 404).await;
    assert_eq!(server.status(&job).await, "pending");
    assert_eq!(server.get("/playground/jobs").json(200).await, json!([]));
    let id = create(&server, &json!({"input": 1})).await;
    start(&server, &id).await;
    assert_eq!(take(&server, "worker-1").await.id, id);
    assert_eq!(server.claim("w").await["id"], job.as_str());
}
