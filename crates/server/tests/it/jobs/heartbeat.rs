//! `PUT /jobs/{id}/heartbeat` and the additions `release`.

use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{TestServer, bare, example};

#[tokio::test]
async fn a_heartbeat_extends_the_lease() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    let path = format!("/api/v1/jobs/{id}/heartbeat");
    server.clock.advance_ms(20_000);
    let beat = server.put(&path, &json!({"executor_id": "worker-1"})).await;
    assert_snapshot!(beat.shown().await);
    server.clock.advance_ms(29_999);
    assert_eq!(server.reap().await, 0);
    server.clock.advance_ms(1);
    assert_eq!(server.reap().await, 1);
    assert_eq!(server.status(&id).await, "pending");
}

#[tokio::test]
async fn an_expired_lease_that_was_not_taken_away_is_extended() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    server.clock.advance_ms(300_000);
    let path = format!("/api/v1/jobs/{id}/heartbeat");
    server
        .put(&path, &json!({"executor_id": "worker-1"}))
        .json(200)
        .await;
    assert_eq!(server.reap().await, 0);
}

#[tokio::test]
async fn only_the_holder_of_a_running_job_beats() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let path = format!("/api/v1/jobs/{id}/heartbeat");
    let holder = json!({"executor_id": "worker-1"});
    let pending = server.put(&path, &holder).await;
    assert_snapshot!("pending", pending.shown().await);
    server.claim("worker-1").await;
    let other = server.put(&path, &json!({"executor_id": "worker-2"})).await;
    assert_snapshot!("other", other.shown().await);
    server
        .put(&path, &json!({"executor_id": "worker-1", "lease_token": 2}))
        .refused(404)
        .await;
    // Tokens are small numbers: who guesses one holds nothing.
    let guessed = json!({"executor_id": "worker-2", "lease_token": 1});
    server.put(&path, &guessed).refused(404).await;
    let token = json!({"executor_id": "worker-1", "lease_token": 1});
    server.put(&path, &token).json(200).await;
    let unknown = "/api/v1/jobs/018cc4e5-2200-7000-8000-0000000000ff/heartbeat";
    assert_snapshot!("unknown", server.put(unknown, &holder).shown().await);
}

#[tokio::test]
async fn a_job_that_its_executors_cannot_do_goes_to_others_up_to_the_cap() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let path = format!("/api/runs/{id}/release");
    for (executor, status) in [("one", "pending"), ("two", "pending"), ("three", "failed")] {
        let token = server.claim(executor).await["lease_token"].clone();
        let what = format!("the disk of {executor} is full");
        let release = json!({"executor": executor, "token": token, "error_message": what});
        let stranger = json!({"executor": "four", "token": token, "error_message": what});
        server.post(&path, &stranger).problem(404).await;
        assert_eq!(server.post(&path, &release).await.status, 204);
        let job = server.job(&id).await;
        assert_eq!(job["status"], status);
        assert_eq!(job["error_message"], what);
    }
    let attempts = server.job(&id).await["attempts"].clone();
    assert_eq!(attempts[0]["status"], "lost");
    assert_eq!(attempts[0]["error_message"], "the disk of one is full");
    assert_eq!(attempts.as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_released_job_is_queued_at_once_and_the_attempt_does_not_count() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    for round in 1..=5 {
        let token = server.claim("worker-1").await["lease_token"].clone();
        let released = server.release(&id, "worker-1", &token).await;
        assert_eq!(released.status, 204);
        let job = server.get(&format!("/api/v1/jobs/{id}")).await;
        if round == 1 {
            assert_snapshot!("released", job.shown().await);
        } else {
            assert_eq!(job.json(200).await["status"], "pending");
        }
    }
    let not_held = server.release(&id, "worker-1", &json!(5)).await;
    assert_snapshot!("not_held", not_held.shown().await);
    let claim = server.post("/api/v1/jobs/claim", &bare("worker-2")).await;
    assert_eq!(claim.json(200).await["lease_token"], 6);
}
