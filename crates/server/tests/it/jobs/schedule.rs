//! `not_before`.

use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{NOON_MS, TestServer, example};

#[tokio::test]
async fn a_job_does_not_start_before_its_time() {
    let server = TestServer::open().await;
    let id = server
        .submit_with(&json!({"not_before": "2024-01-01T12:10:00.500Z"}))
        .await;
    let due = NOON_MS + 600_500;
    assert_eq!(server.schedule().await, Some(due));
    server.clock.advance_ms(600_499);
    assert_eq!(server.schedule().await, Some(due));
    server.claims_nothing("worker-1").await;
    server.clock.advance_ms(1);
    assert_eq!(server.schedule().await, None);
    assert_eq!(server.claim("worker-1").await["id"], id);
    assert_snapshot!(server.job_shown(&id).await);
}

#[tokio::test]
async fn a_time_that_is_over_means_now() {
    let server = TestServer::open().await;
    let id = server
        .submit_with(&json!({"not_before": "1970-01-01T00:00:00Z"}))
        .await;
    assert_eq!(server.claim("worker-1").await["id"], id);
}

#[tokio::test]
async fn a_scheduled_job_can_be_cancelled() {
    let server = TestServer::open().await;
    let id = server
        .submit_with(&json!({"not_before": "2024-01-02T00:00:00Z"}))
        .await;
    server.cancel(&id).await;
    server.clock.advance_ms(48 * 3_600_000);
    assert_eq!(server.schedule().await, None);
    assert_eq!(server.status(&id).await, "cancelled");
}

#[tokio::test]
async fn a_scheduled_job_takes_its_place_by_its_time() {
    let server = TestServer::open().await;
    let later = server
        .submit_with(&json!({"not_before": "2024-01-01T12:01:00Z"}))
        .await;
    server.clock.advance_ms(30_000);
    let before = server.submit(&example()).await;
    server.clock.advance_ms(60_000);
    server.schedule().await;
    let after = server.submit(&example()).await;
    for id in [before, later, after] {
        assert_eq!(server.claim("worker-1").await["id"], id);
    }
}
