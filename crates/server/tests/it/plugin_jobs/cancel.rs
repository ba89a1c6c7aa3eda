//! Jobs are called off and deleted.

use insta::assert_snapshot;
use serde_json::json;

use super::{bed, create, path, progress, refused, shown, start, taken};

#[tokio::test]
async fn a_job_is_cancelled_before_and_after_its_start() {
    let bed = bed().await;
    for started in [false, true] {
        let id = create(&bed, &json!({"input": 1})).await;
        if started {
            start(&bed, &id).await;
        }
        let job = bed.post(&path(&id, "/cancel"), &json!(null)).await;
        let job = job.json(200).await;
        assert_eq!(job["progress"]["status"], "failed");
        assert_eq!(job["progress"]["error"], "the job was cancelled");
        assert_eq!(job["progress"]["cancelled"], true);
        assert_eq!(job["result"], json!({"metrics": []}));
        assert_eq!(shown(&bed, &id).await, job);
        assert_eq!(start(&bed, &id).await, job, "it does not start any more");
        let again = bed.post(&path(&id, "/cancel"), &json!(null)).await;
        assert_eq!(
            refused(again, 400).await,
            "cannot cancel the job: it is failed"
        );
    }
}

#[tokio::test]
async fn a_running_job_is_stopped_by_its_executor() {
    let bed = bed().await;
    let mut work = taken(&bed, &json!({"input": 1})).await;
    let beat = work.started(&bed, "one").await;
    assert_eq!(beat, json!({"cancel_requested": false}));
    work.completed(&bed, "one", json!({"n": 1})).await;
    let job = bed.post(&path(&work.id, "/cancel"), &json!(null)).await;
    assert_eq!(job.json(200).await["progress"]["status"], "running");
    let renew = json!({"leases": [{"job_id": work.id, "lease_token": work.token}]});
    let news = bed.post("/api/v1/executors/worker-1/leases", &renew).await;
    assert_eq!(news.json(200).await["leases"][0]["cancel_requested"], true);
    let beat = work.started(&bed, "two").await;
    assert_eq!(beat, json!({"cancel_requested": true}));
    work.finish(&bed, false, Some("stopped")).await;
    let answer = bed.get(&path(&work.id, "")).await;
    assert_snapshot!("cancelled_while_running", answer.shown().await);
}

#[tokio::test]
async fn a_job_that_nobody_starts_does_not_stay_for_ever() {
    let bed = bed().await;
    let held = create(&bed, &json!({"input": 1})).await;
    let queued = create(&bed, &json!({"input": 1})).await;
    start(&bed, &queued).await;
    for status in ["queued", "failed"] {
        bed.server.retain().await.expect("a tick");
        assert_eq!(progress(&bed, &held).await["status"], status);
        assert_eq!(progress(&bed, &queued).await["status"], "queued");
        bed.clock.advance_ms(8 * 24 * 3_600_000);
    }
    bed.server.retain().await.expect("a tick");
    refused(bed.get(&path(&held, "")).await, 404).await;
    assert_eq!(progress(&bed, &queued).await["status"], "queued");
}

#[tokio::test]
async fn a_job_is_deleted_that_does_not_run() {
    let bed = bed().await;
    let mut work = taken(&bed, &json!({"input": 1})).await;
    let refusal = refused(bed.delete(&path(&work.id, "")).await, 400).await;
    assert_eq!(refusal, "cannot delete the job: it is running");
    work.perform(&bed).await;
    let job = shown(&bed, &work.id).await;
    let queued = create(&bed, &json!({"input": 1})).await;
    start(&bed, &queued).await;
    refused(bed.delete(&path(&queued, "")).await, 400).await;
    let held = create(&bed, &json!({"input": 1})).await;
    for id in [&work.id, &held] {
        let deleted = bed.delete(&path(id, "")).await.json(200).await;
        if id == &work.id {
            assert_eq!(deleted, job);
        }
        for rest in ["", "/progress", "/events"] {
            assert_eq!(
                refused(bed.get(&path(id, rest)).await, 404).await,
                "job not found"
            );
        }
        refused(bed.delete(&path(id, "")).await, 404).await;
        refused(bed.post(&path(id, "/start"), &json!(null)).await, 404).await;
    }
    assert_eq!(progress(&bed, &queued).await["status"], "queued");
    let listed = bed.get("/playground/jobs").await.json(200).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
}
