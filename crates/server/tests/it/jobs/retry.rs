//! `POST /jobs/{id}/retry`.

use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{TestServer, bare, example};

#[tokio::test]
async fn an_ended_job_starts_anew_with_its_attempts_before_it() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let path = format!("/api/v1/jobs/{id}/retry");
    let early = server.post(&path, &json!(null)).refused(400).await;
    assert_eq!(early["context"]["status"], "pending");
    server.claim("worker-1").await;
    let end = json!({"executor_id": "worker-1", "stderr": "first", "exit_code": 3});
    server.put_job(&id, "fail", &end).json(200).await;
    server.clock.advance_ms(5_000);
    assert_snapshot!(
        "pending_again",
        server.post(&path, &json!(null)).shown().await
    );
    server.clock.advance_ms(5_000);
    let again = server.post("/api/v1/jobs/claim", &bare("worker-2")).await;
    assert_snapshot!("claimed_again", again.shown().await);
    let end = json!({"executor_id": "worker-2", "stdout": "second", "exit_code": 0});
    server.put_job(&id, "complete", &end).json(200).await;
    assert_snapshot!("completed", server.job_shown(&id).await);
}

#[tokio::test]
async fn completed_and_cancelled_jobs_may_be_retried_too() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.cancel(&id).await;
    for _ in 0..2 {
        let retried = server.post_job(&id, "retry", &json!(null)).await;
        assert_eq!(retried.json(200).await["status"], "pending");
        server.claim("worker-1").await;
        let path = format!("/api/v1/jobs/{id}/complete");
        server.put(&path, &bare("worker-1")).json(200).await;
    }
    assert_eq!(
        server.job(&id).await["attempts"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn an_old_report_does_not_end_the_new_attempt() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let path = format!("/api/v1/jobs/{id}/complete");
    server.claim("worker-1").await;
    let old = json!({"executor_id": "worker-1", "lease_token": 1});
    server.put(&path, &old).json(200).await;
    server.retry(&id).await;
    let job = server.claim("worker-1").await;
    assert_eq!(job["lease_token"], 2);
    // It was accepted in its time, so repeating it is answered; it changes nothing now.
    server.put(&path, &old).json(200).await;
    assert_eq!(server.status(&id).await, "running");
}
