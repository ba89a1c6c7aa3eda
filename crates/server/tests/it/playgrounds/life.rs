//! The time of playgrounds.

use http::Method;
use serde_json::{Value, json};

use super::{get, make, perform, register, removed, running, whole::events};
use crate::test_server::TestServer;

const HOUR_MS: i64 = 3_600_000;

async fn tick(server: &TestServer) -> usize {
    server.server.end_playgrounds().await.expect("a tick")
}

async fn extend(server: &TestServer, body: Value) -> Value {
    server
        .post("/api/playgrounds/1/extend_expiration", &body)
        .json(200)
        .await
}

#[tokio::test]
async fn the_time_is_eight_hours_and_can_be_extended() {
    let server = running(&json!({})).await;
    let found = get(&server, "1").await;
    assert_eq!(found["expires_at"], "2024-01-01T20:00:00Z");
    assert_eq!(
        (&found["time_remaining"], &found["expiration_percentage"]),
        (&json!(28_800.0), &json!(0))
    );
    let extended = extend(&server, json!({})).await;
    assert_eq!(
        extended,
        json!({"id": 1, "expires_at": "2024-01-02T04:00:00Z", "time_remaining": 57_600.0})
    );
    server.clock.advance_ms(17 * HOUR_MS);
    let extended = extend(&server, json!({"duration_hours": 2})).await;
    assert_eq!(
        extended["expires_at"], "2024-01-02T07:00:00Z",
        "from now on: it was over"
    );
    for wrong in [json!(0), json!(-1), json!(8_761)] {
        let body = json!({"duration_hours": wrong});
        server
            .post("/api/playgrounds/1/extend_expiration", &body)
            .json(422)
            .await;
    }
}

#[tokio::test]
async fn what_callers_say_of_the_end_counts() {
    for (fields, expires_at) in [
        (json!({"job_mode": true}), json!("2024-01-01T13:00:00Z")),
        (json!({"never_expire": true}), Value::Null),
        (
            json!({"expires_at": "2024-01-03T00:00:00+01:00"}),
            json!("2024-01-02T23:00:00Z"),
        ),
    ] {
        let server = TestServer::open().await;
        assert_eq!(
            make(&server, &fields).await["expires_at"],
            expires_at,
            "{fields}"
        );
    }
    let server = running(&json!({"never_expire": true})).await;
    let found = get(&server, "1").await;
    for name in ["expires_at", "time_remaining", "expiration_percentage"] {
        assert_eq!(found[name], Value::Null, "{name}");
    }
    let extended = extend(&server, json!({})).await;
    assert_eq!(extended["expires_at"], Value::Null, "it stays so");
    server.clock.advance_ms(1_000 * HOUR_MS);
    assert_eq!(tick(&server).await, 0);
    let at = json!({"playground": {"expires_at": "2029-01-01T00:00:00Z"}}).to_string();
    let changed = server
        .send(Method::PATCH, "/api/playgrounds/1", at)
        .json(200)
        .await;
    assert_eq!(changed["expires_at"], "2029-01-01T00:00:00Z");
}

#[tokio::test]
async fn it_is_told_once_that_the_end_is_near_and_then_it_ends() {
    let server = running(&json!({})).await;
    server.clock.advance_ms(8 * HOUR_MS - 900_001);
    assert_eq!(tick(&server).await, 0);
    server.clock.advance_ms(1);
    assert_eq!(tick(&server).await, 0);
    assert_eq!(tick(&server).await, 0);
    server.clock.advance_ms(900_000);
    // Those who hold its executor may be away for an hour: it is heard of again.
    register(&server, "docker-1").await;
    assert_eq!(tick(&server).await, 1);
    assert_eq!(tick(&server).await, 0, "it is being destroyed");
    assert_eq!(get(&server, "1").await["status"], "destroying");
    let run = perform(&server, &removed()).await;
    assert_eq!(run["input"]["unless_dirty"], true);
    server.get("/api/playgrounds/1").json(404).await;
    assert_eq!(
        events(&server, 4).await,
        [
            "playground.created",
            "playground.creation.completed",
            "playground.expiring",
            "playground.destroyed"
        ]
    );
    let audit = server.get("/api/audit?target=1").json(200).await;
    assert!(audit.to_string().contains("expiry"), "{audit}");
}

#[tokio::test]
async fn a_checkout_with_changes_keeps_a_playground() {
    let server = running(&json!({})).await;
    server.clock.advance_ms(8 * HOUR_MS);
    assert_eq!(tick(&server).await, 1);
    perform(&server, &json!({"dirty": ["web"]})).await;
    let found = get(&server, "1").await;
    assert_eq!(found["status"], "has_changes");
    assert!(
        found["error_message"]
            .as_str()
            .expect("a text")
            .contains("web have changes"),
        "{found}"
    );
    assert_eq!(tick(&server).await, 0);
    server.clock.advance_ms(60_000);
    assert_eq!(tick(&server).await, 1, "it is tried again");
    perform(&server, &json!({"dirty": ["web"]})).await;
    // Extended, it is as it was.
    extend(&server, json!({})).await;
    assert_eq!(get(&server, "1").await["status"], "running");
}
