//! Plugin jobs and plain jobs do not see each other.

use http::Method;
use serde_json::json;

use super::{bed, create, path, refused, shown, start, take, taken};
use crate::bed::{bare, example};

#[tokio::test]
async fn the_routes_of_jobs_do_not_know_plugin_jobs() {
    let bed = bed().await;
    let work = taken(&bed, &json!({"input": 1})).await;
    work.started(&bed, "one").await;
    let before = shown(&bed, &work.id).await;
    let job = |rest: &str| format!("/api/v1/jobs/{}{rest}", work.id);
    for rest in ["", "/logs", "/logs?stream=stderr", "/logs?follow=1"] {
        bed.get(&job(rest)).await.refused(404).await;
    }
    bed.delete(&job("")).await.refused(404).await;
    for rest in ["/cancel", "/retry"] {
        bed.post(&job(rest), &json!(null)).await.refused(404).await;
    }
    let body = json!({"job_ids": [work.id]});
    let bulk = bed
        .post("/api/v1/jobs/bulk/cancel", &body)
        .await
        .json(200)
        .await;
    assert_eq!(
        (&bulk["cancelled"], &bulk["failed"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(bed.get("/api/v1/jobs").await.json(200).await, json!([]));
    let stats = bed.stats().await;
    assert!(
        stats["jobs_by_status"]
            .as_object()
            .expect("counts")
            .values()
            .all(|n| n == 0),
        "{stats}"
    );
    assert_eq!(bed.post("/api/v1/jobs/claim", &bare("w")).await.status, 204);
    assert_eq!(shown(&bed, &work.id).await, before);
    // What an executor says of what it holds is heard.
    let holder = json!({"executor_id": "worker-1", "lease_token": work.token});
    bed.put(&job("/heartbeat"), &holder).await.json(200).await;
    let chunk = job("/logs?stream=stdout&offset=0&executor_id=worker-1&lease_token=1");
    let sent = bed.send(Method::POST, &chunk, "text").await;
    assert_eq!(sent.status, 204);
    bed.put(&job("/complete"), &holder).await.json(200).await;
    assert_eq!(
        shown(&bed, &work.id).await["progress"]["status"],
        "completed"
    );
    bed.post(&job("/retry"), &json!(null))
        .await
        .refused(404)
        .await;
}

#[tokio::test]
async fn the_routes_of_plugin_jobs_do_not_know_jobs() {
    let bed = bed().await;
    let job = bed.submit(&example()).await;
    for rest in ["", "/progress", "/events"] {
        assert_eq!(
            refused(bed.get(&path(&job, rest)).await, 404).await,
            "job not found"
        );
    }
    for rest in ["/start", "/cancel"] {
        refused(bed.post(&path(&job, rest), &json!(null)).await, 404).await;
    }
    refused(bed.delete(&path(&job, "")).await, 404).await;
    assert_eq!(bed.status(&job).await, "pending");
    assert_eq!(bed.get("/playground/jobs").await.json(200).await, json!([]));
    let id = create(&bed, &json!({"input": 1})).await;
    start(&bed, &id).await;
    assert_eq!(take(&bed, "worker-1").await.id, id);
    assert_eq!(bed.claim("w").await["id"], job.as_str());
}
