//! Caps, retry policies and time limits.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::test_server::{TestServer, bare, example};

fn statuses(job: &Value) -> Vec<&str> {
    let attempts = job["attempts"].as_array().expect("attempts");
    attempts
        .iter()
        .filter_map(|attempt| attempt["status"].as_str())
        .collect()
}

#[tokio::test]
async fn a_job_that_kills_its_executors_ends_failed() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    for attempt in 1..=3 {
        server.claim("worker-1").await;
        server.clock.advance_ms(29_999);
        assert_eq!(
            server.reap().await,
            0,
            "attempt {attempt} still has its lease"
        );
        server.clock.advance_ms(1);
        assert_eq!(server.reap().await, 1);
    }
    assert_snapshot!(server.job_shown(&id).await);
    server.claims_nothing("worker-1").await;
}

#[tokio::test]
async fn the_cap_is_the_submitters() {
    for cap in [1, 5] {
        let server = TestServer::open().await;
        let id = server.submit_with(&json!({"max_attempts": cap})).await;
        for _ in 0..cap {
            assert_eq!(server.status(&id).await, "pending");
            server.claim("worker-1").await;
            server.clock.advance_ms(30_000);
            server.reap().await;
        }
        assert_eq!(server.status(&id).await, "failed");
    }
}

#[tokio::test]
async fn a_retry_policy_waits_longer_and_longer_and_the_cap_counts_lost_attempts_too() {
    let server = TestServer::open().await;
    // The clock draws 0.5: of each wait a quarter is taken off.
    let retry = json!({"initial_seconds": 10, "factor": 3, "max_seconds": 60, "jitter": 0.5});
    let id = server
        .submit_with(&json!({"retry": retry, "max_attempts": 4}))
        .await;
    let failure = json!({"executor_id": "worker-1", "exit_code": 1, "error_message": "no"});
    for wait_ms in [7_500, 22_500] {
        server.claim("worker-1").await;
        let end = server.put_job(&id, "fail", &failure).await;
        assert_eq!(end.json(200).await["status"], "pending");
        server.clock.advance_ms(wait_ms - 1);
        server.schedule().await;
        server.claims_nothing("worker-1").await;
        server.clock.advance_ms(1);
        assert_eq!(server.schedule().await, None);
    }
    server.claim("worker-1").await;
    server.clock.advance_ms(30_000);
    assert_eq!(server.reap().await, 1, "the third attempt is lost");
    server.claim("worker-1").await;
    let end = server.put_job(&id, "fail", &failure).await;
    assert_eq!(end.json(200).await["status"], "failed", "four in all");
    let job = server.job(&id).await;
    assert_eq!(statuses(&job), ["failed", "failed", "lost", "failed"]);
}

#[tokio::test]
async fn an_explicit_retry_gives_all_attempts_back() {
    let server = TestServer::open().await;
    let id = server.submit_with(&json!({"max_attempts": 2})).await;
    for _ in 0..2 {
        for status in ["pending", "failed"] {
            server.claim("worker-1").await;
            server.clock.advance_ms(30_000);
            server.reap().await;
            assert_eq!(server.status(&id).await, status);
        }
        server.retry(&id).await;
    }
    assert_eq!(statuses(&server.job(&id).await).len(), 4);
}

#[tokio::test]
async fn a_report_of_a_time_limit_is_shown_as_such() {
    let server = TestServer::open().await;
    let id = server.submit_with(&json!({"timeout_seconds": 5})).await;
    server.claim("worker-1").await;
    let end = json!({
        "executor_id": "worker-1",
        "exit_code": 137,
        "error_message": "killed after 5 s",
        "timed_out": true,
    });
    server.put_job(&id, "fail", &end).json(200).await;
    let job = server.job(&id).await;
    assert_eq!(job["status"], "failed");
    assert_eq!(statuses(&job), ["timeout"]);
}

#[tokio::test]
async fn an_executor_that_ignores_the_time_limit_cannot_keep_the_job() {
    let server = TestServer::open().await;
    let id = server.submit_with(&json!({"timeout_seconds": 5})).await;
    server.claim("worker-1").await;
    // It beats and beats: the lease ends two leases after the limit.
    for _ in 0..13 {
        server.clock.advance_ms(4_999);
        let path = format!("/api/v1/jobs/{id}/heartbeat");
        server.put(&path, &bare("worker-1")).json(200).await;
        assert_eq!(server.reap().await, 0);
    }
    server.clock.advance_ms(13);
    assert_eq!(server.reap().await, 1);
    let job = server.job(&id).await;
    assert_eq!(job["status"], json!("failed"));
    assert_eq!(statuses(&job), vec!["timeout"]);
}
