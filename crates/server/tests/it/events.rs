//! `GET /api/events`.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::{
    database::on_both,
    stream::{Message, Messages},
    test_server::{TestServer, bare, example},
};

on_both!(
    events_are_numbered_and_say_what_happened,
    without_a_place_only_new_events_come,
    a_reader_resumes_where_it_was,
    filters_leave_the_numbers_as_they_are,
    every_kind_of_change_is_told,
    a_reader_that_comes_too_late_gets_a_reset,
    a_reader_of_another_log_gets_a_reset,
    a_reader_that_saw_everything_is_not_disturbed_by_retention,
    bad_parameters_are_refused,
);

async fn open(server: &TestServer, query: &str, last: Option<&str>) -> Messages {
    let mut request = Request::get(format!("/api/events{query}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last.as_bytes());
    }
    Messages::of(
        server
            .request(request.body(Body::empty()).expect("a request"))
            .await,
    )
}

fn brief(messages: &[Message]) -> Vec<(i64, &str)> {
    messages
        .iter()
        .map(|message| (message.id.unwrap_or(0), message.event.as_str()))
        .collect()
}

/// One job that completes and one that is cancelled: five events.
async fn five(server: &TestServer) -> (String, String) {
    let first = server.submit(&example()).await;
    server.clock.advance_ms(1_234);
    server.claim("worker-1").await;
    let end = json!({"executor_id": "worker-1", "exit_code": 0});
    server.put_job(&first, "complete", &end).json(200).await;
    let second = server.submit_with(&json!({"type": "other"})).await;
    server
        .delete(&format!("/api/v1/jobs/{second}"))
        .json(200)
        .await;
    (first, second)
}

async fn events_are_numbered_and_say_what_happened() {
    let server = TestServer::open().await;
    five(&server).await;
    let messages = open(&server, "?after=0", None).await.take(5).await;
    for (message, number) in messages.iter().zip(1..) {
        assert_eq!(message.id, Some(number));
        assert_eq!(message.data["seq"], number);
        assert_eq!(message.data["type"], message.event);
    }
    let data: Vec<&Value> = messages.iter().map(|message| &message.data).collect();
    insta::assert_json_snapshot!(data);
}

async fn without_a_place_only_new_events_come() {
    let server = TestServer::open().await;
    five(&server).await;
    let mut messages = open(&server, "", None).await;
    server.submit(&example()).await;
    assert_eq!(brief(&messages.take(1).await), [(6, "job.submitted")]);
}

async fn a_reader_resumes_where_it_was() {
    let server = TestServer::open().await;
    five(&server).await;
    let expected = [(4, "job.submitted"), (5, "job.cancelled")];
    assert_eq!(
        brief(&open(&server, "?after=3", None).await.take(2).await),
        expected
    );
    // What the browser sends when it comes back wins over the address that it was given.
    assert_eq!(
        brief(&open(&server, "?after=0", Some("3")).await.take(2).await),
        expected
    );
}

async fn filters_leave_the_numbers_as_they_are() {
    let server = TestServer::open().await;
    let (first, second) = five(&server).await;
    let only = open(&server, &format!("?after=0&run_id={second}"), None)
        .await
        .take(2)
        .await;
    assert_eq!(brief(&only), [(4, "job.submitted"), (5, "job.cancelled")]);
    let query = "?after=0&types=job.completed,job.cancelled";
    let only = open(&server, query, None).await.take(2).await;
    assert_eq!(brief(&only), [(3, "job.completed"), (5, "job.cancelled")]);
    let query = format!("?after=0&types=job.c*&run_id={first}&kind=job");
    assert_eq!(
        brief(&open(&server, &query, None).await.take(1).await),
        [(3, "job.completed")]
    );
    let mut none = open(&server, "?after=0&kind=execution", None).await;
    let silence = tokio::time::timeout(std::time::Duration::from_millis(200), none.next()).await;
    assert!(silence.is_err(), "{silence:?}");
}

async fn every_kind_of_change_is_told() {
    let server = TestServer::open().await;
    let later = json!({"not_before": "2024-01-01T12:00:10Z", "retry": {"initial_seconds": 5}});
    let id = server.submit_with(&later).await;
    server.clock.advance_ms(10_000);
    server.schedule().await;
    server.claim("worker-1").await;
    let path = |verb: &str| format!("/api/v1/jobs/{id}/{verb}");
    server.put(&path("fail"), &bare("worker-1")).json(200).await;
    server.clock.advance_ms(5_000);
    server.schedule().await;
    server.claim("worker-1").await;
    server.clock.advance_ms(30_000);
    server.reap().await;
    let token = server.claim("worker-1").await["lease_token"].clone();
    let released = server.release(&id, "worker-1", &token).await;
    assert_eq!(released.status, 204);
    server.claim("worker-1").await;
    server.post(&path("cancel"), &json!(null)).json(200).await;
    server.put(&path("fail"), &bare("worker-1")).json(200).await;
    server.post(&path("retry"), &json!(null)).json(200).await;
    server.claim("worker-1").await;
    server
        .put(&path("complete"), &bare("worker-1"))
        .json(200)
        .await;
    let messages = open(&server, "?after=0", None).await.take(15).await;
    let told: Vec<&str> = messages
        .iter()
        .map(|message| &message.event["job.".len()..])
        .collect();
    assert_eq!(
        told,
        [
            "submitted",
            "ready",
            "started",
            "requeued",
            "ready",
            "started",
            "requeued",
            "started",
            "requeued",
            "started",
            "cancel_requested",
            "cancelled",
            "retried",
            "started",
            "completed"
        ]
    );
}

async fn a_reader_that_comes_too_late_gets_a_reset() {
    let server = TestServer::open().await;
    five(&server).await;
    server.clock.advance_ms(8 * 24 * 3_600_000);
    server.submit(&example()).await;
    server.server.retain().await.expect("a tick");
    for (query, last) in [("?after=0", None), ("?after=4", None), ("", Some("2"))] {
        let messages = open(&server, query, last).await.take(2).await;
        assert_eq!(
            brief(&messages),
            [(0, "reset"), (6, "job.submitted")],
            "{query}"
        );
        assert_eq!(messages[0].data, json!({"oldest": 6}));
    }
    let messages = open(&server, "?after=5", None).await.take(1).await;
    assert_eq!(brief(&messages), [(6, "job.submitted")]);
}

async fn a_reader_of_another_log_gets_a_reset() {
    let server = TestServer::open().await;
    five(&server).await;
    for (query, last) in [
        ("?after=6", None),
        ("?after=0", Some("9223372036854775807")),
    ] {
        let mut messages = open(&server, query, last).await;
        let reset = messages.take(1).await;
        assert_eq!(brief(&reset), [(0, "reset")], "{query}");
        assert_eq!(reset[0].data, json!({"oldest": 1}));
    }
    let mut messages = open(&server, "?after=100", None).await;
    server.submit(&example()).await;
    let expected = [(0, "reset"), (6, "job.submitted")];
    assert_eq!(brief(&messages.take(2).await), expected);
}

async fn a_reader_that_saw_everything_is_not_disturbed_by_retention() {
    let server = TestServer::open().await;
    let (first, _) = five(&server).await;
    let mut of_one = open(&server, &format!("?after=0&run_id={first}"), None).await;
    of_one.take(3).await;
    server.clock.advance_ms(8 * 24 * 3_600_000);
    server.submit(&example()).await;
    server.server.retain().await.expect("a tick");
    let wait = std::time::Duration::from_millis(200);
    let silence = tokio::time::timeout(wait, of_one.next()).await;
    assert!(silence.is_err(), "{silence:?}");
}

async fn bad_parameters_are_refused() {
    let server = TestServer::open().await;
    for query in [
        "?after=-1",
        "?after=x",
        "?after=1e3",
        "?run_id=42",
        "?kind=jobs",
        "?after=9223372036854775808",
    ] {
        let answer = server.get(&format!("/api/events{query}")).await;
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{query}"
        );
        assert_eq!(answer.json(400).await["status"], 400, "{query}");
    }
    for last in ["x", "-1", "1.5", "\u{20AC}", "9223372036854775808"] {
        let request = Request::get("/api/events").header("last-event-id", last.as_bytes());
        let answer = server
            .request(request.body(Body::empty()).expect("a request"))
            .await;
        assert_eq!(
            answer.json(400).await["status"],
            400,
            "Last-Event-ID: {last}"
        );
    }
}
