//! Jobs are called off and deleted.

use insta::assert_snapshot;
use serde_json::json;

use super::{create, path, progress, refused, server, shown, start, taken};

#[tokio::test]
async fn a_job_is_cancelled_before_and_after_its_start() {
    let server = server().await;
    for started in [false, true] {
        let id = create(&server, &json!({"input": 1})).await;
        if started {
            start(&server, &id).await;
        }
        let job = server
            .post(&path(&id, "/cancel"), &json!(null))
            .json(200)
            .await;
        assert_eq!(job["progress"]["status"], "failed");
        assert_eq!(job["progress"]["error"], "the job was cancelled");
        assert_eq!(job["progress"]["cancelled"], true);
        assert_eq!(job["result"], json!({"metrics": []}));
        assert_eq!(shown(&server, &id).await, job);
        assert_eq!(start(&server, &id).await, job, "it does not start any more");
        let again = server.post(&path(&id, "/cancel"), &json!(null)).await;
        assert_eq!(
            refused(again, 400).await,
            "cannot cancel the job: it is failed"
        );
    }
}

#[tokio::test]
async fn a_running_job_is_stopped_by_its_executor() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    let noted = work.started(&server, "one").await;
    assert_eq!(noted["signals"]["cancel"], 0);
    work.completed(&server, "one", json!({"n": 1})).await;
    let job = server.post(&path(&work.id, "/cancel"), &json!(null)).await;
    assert_eq!(job.json(200).await["progress"]["status"], "running");
    let renew = json!({"leases": [{"run_id": work.id, "token": work.token}]});
    let news = server.post("/api/executors/worker-1/leases", &renew).await;
    assert_eq!(news.json(200).await["leases"][0]["signals"]["cancel"], 1);
    let noted = work.started(&server, "two").await;
    assert_eq!(noted["signals"]["cancel"], 1);
    work.finish(&server, false, Some("stopped")).await;
    let answer = server.get(&path(&work.id, "")).await;
    assert_snapshot!("cancelled_while_running", answer.shown().await);
}

#[tokio::test]
async fn a_job_that_is_never_started_does_not_stay_forever() {
    let server = server().await;
    let held = create(&server, &json!({"input": 1})).await;
    let queued = create(&server, &json!({"input": 1})).await;
    start(&server, &queued).await;
    for status in ["queued", "failed"] {
        server.server.retain().await.expect("a tick");
        assert_eq!(progress(&server, &held).await["status"], status);
        assert_eq!(progress(&server, &queued).await["status"], "queued");
        server.clock.advance_ms(8 * 24 * 3_600_000);
    }
    server.server.retain().await.expect("a tick");
    refused(server.get(&path(&held, "")).await, 404).await;
    assert_eq!(progress(&server, &queued).await["status"], "queued");
}

#[tokio::test]
async fn a_job_is_deleted_that_does_not_run() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    let refusal = refused(server.delete(&path(&work.id, "")).await, 400).await;
    assert_eq!(refusal, "cannot delete the job: it is running");
    work.perform(&server).await;
    let job = shown(&server, &work.id).await;
    let queued = create(&server, &json!({"input": 1})).await;
    start(&server, &queued).await;
    refused(server.delete(&path(&queued, "")).await, 400).await;
    let held = create(&server, &json!({"input": 1})).await;
    for id in [&work.id, &held] {
        let deleted = server.delete(&path(id, "")).json(200).await;
        if id == &work.id {
            assert_eq!(deleted, job);
        }
        for rest in ["", "/progress", "/events"] {
            assert_eq!(
                refused(server.get(&path(id, rest)).await, 404).await,
                "job not found"
            );
        }
        refused(server.delete(&path(id, "")).await, 404).await;
        refused(server.post(&path(id, "/start"), &json!(null)).await, 404).await;
    }
    assert_eq!(progress(&server, &queued).await["status"], "queued");
    let listed = server.get("/playground/jobs").json(200).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
}
