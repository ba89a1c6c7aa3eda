//! `DELETE /jobs/{id}` and `POST /jobs/{id}/cancel`.

use insta::assert_snapshot;
use serde_json::json;

use crate::{
    answer::has,
    test_server::{TestServer, bare, example},
};

#[tokio::test]
async fn a_pending_job_is_cancelled() {
    let server = TestServer::open().await;
    let path = format!("/api/v1/jobs/{}", server.submit(&example()).await);
    server.clock.advance_ms(60_000);
    assert_snapshot!("cancelled", server.delete(&path).shown().await);
    assert_snapshot!("again", server.delete(&path).shown().await);
    let claim = server.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    assert_eq!(claim.status, 204, "a cancelled job is not handed out");
}

#[tokio::test]
async fn the_contract_does_not_cancel_a_running_job() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    assert_snapshot!(server.delete(&format!("/api/v1/jobs/{id}")).shown().await);
    assert_eq!(server.status(&id).await, "running");
}

#[tokio::test]
async fn a_running_job_is_asked_to_stop_and_its_executor_ends_it() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    let asked = server.post_job(&id, "cancel", &json!(null)).await;
    assert_snapshot!("asked", asked.shown().await);
    server.post_job(&id, "cancel", &json!(null)).json(200).await;
    let beat = json!({"executor_id": "worker-1"});
    let beat = server.put_job(&id, "heartbeat", &beat).await;
    assert_eq!(beat.json(200).await, json!({"cancel_requested": true}));
    let end = json!({"executor_id": "worker-1", "stdout": "half", "exit_code": 143});
    let end = server.put_job(&id, "fail", &end).await;
    assert_eq!(end.json(200).await["status"], "cancelled");
    assert_snapshot!("stopped", server.job_shown(&id).await);
}

#[tokio::test]
async fn a_job_that_completes_all_the_same_is_completed() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    server.post_job(&id, "cancel", &json!(null)).json(200).await;
    let end = json!({"executor_id": "worker-1", "exit_code": 0});
    server.put_job(&id, "complete", &end).json(200).await;
    let job = server.job(&id).await;
    has(
        &job,
        &json!({"status": "completed", "cancel_requested": null}),
    );
}

#[tokio::test]
async fn a_cancelled_job_whose_executor_is_lost_ends_cancelled() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    server.post_job(&id, "cancel", &json!(null)).json(200).await;
    server.clock.advance_ms(30_000);
    assert_eq!(server.reap().await, 1);
    assert_eq!(server.status(&id).await, "cancelled");
}
