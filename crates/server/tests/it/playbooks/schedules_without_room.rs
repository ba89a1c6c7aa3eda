//! Schedules while the disk is too full for new runs.

use serde_json::json;
use server::{Assembled, Clock, FreeSpace, Settings};

use super::schedules::{MINUTE_MS, after, checks, history, made};
use crate::test_server::TestServer;

/// The same server with this much that must stay free.
async fn with_floor(server: TestServer, free_space: FreeSpace) -> TestServer {
    let (data, clock) = (server.dir().join("data"), server.clock.clone());
    let reopened = server.reopened(|before| async move {
        drop(before);
        let settings = Settings {
            free_space,
            ..Settings::new(data)
        };
        let opened = Assembled::open(settings, Clock::new(clock)).await;
        opened.expect("it opens")
    });
    reopened.await
}

#[tokio::test]
async fn a_schedule_waits_for_room_and_loses_no_time() {
    let server = checks().await;
    let id = made(&server, &json!({"every": 600})).await;
    let full = with_floor(server, FreeSpace::Bytes(u64::MAX)).await;
    after(&full, 10 * MINUTE_MS).await;
    after(&full, MINUTE_MS).await;
    assert!(history(&full, &id).await.is_empty());
    let roomy = with_floor(full, FreeSpace::Bytes(0)).await;
    after(&roomy, MINUTE_MS).await;
    assert_eq!(history(&roomy, &id).await, ["2024-01-01T12:10:00Z"]);
}
