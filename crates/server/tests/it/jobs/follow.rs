//! `GET /jobs/{id}/logs?follow=1`.

use http::Request;
use serde_json::json;

use super::logs::send;
use crate::{
    stream::{Message, Messages},
    test_server::{TestServer, bare, example},
};

async fn follow(server: &TestServer, id: &str, query: &str, last: Option<i64>) -> Messages {
    let mut request = Request::get(format!("/api/v1/jobs/{id}/logs?follow=1{query}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let request = request.body(axum::body::Body::empty()).expect("a request");
    Messages::of(server.request(request).await)
}

async fn running(server: &TestServer) -> String {
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    id
}

async fn complete(server: &TestServer, id: &str, executor: &str, stdout: &str) {
    let end = json!({"executor_id": executor, "stdout": stdout, "stderr": "e", "exit_code": 0});
    server.put_job(id, "complete", &end).json(200).await;
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| match message.event.as_str() {
            "chunk" => message.data["text"].as_str().expect("text"),
            _ => message.data["status"].as_str().expect("a status"),
        })
        .collect()
}

#[tokio::test]
async fn output_comes_from_the_first_byte_while_the_job_runs_and_ends_with_it() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    send(&server, &id, "stdout", 0, b"one").await;
    let mut messages = follow(&server, &id, "", None).await;
    let first = messages.next().await.expect("what was printed before");
    assert!(messages.is_alive());
    assert_eq!(
        first,
        Message {
            id: Some(1),
            event: "chunk".to_owned(),
            data: json!({"stream": "stdout", "attempt": 1, "offset": 0, "text": "one"}),
        }
    );
    send(&server, &id, "stderr", 0, b"two").await;
    let second = messages.next().await.expect("what is printed now");
    assert_eq!(second.id, Some(2));
    assert_eq!(&second.data["stream"], &json!("stderr"));
    complete(&server, &id, "worker-1", "onlyattheend").await;
    let rest = messages.rest().await;
    assert_eq!(texts(&rest), ["completed"]);
    assert_eq!(rest[0].event, "end");
}

#[tokio::test]
async fn a_reader_that_comes_back_goes_on_where_it_was() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    for (offset, text) in ["a", "b", "c"].iter().enumerate() {
        send(&server, &id, "stdout", offset as u64, text.as_bytes()).await;
    }
    let mut messages = follow(&server, &id, "", None).await;
    let seen = messages.take(2).await;
    drop(messages);
    let mut messages = follow(&server, &id, "", seen[1].id).await;
    assert_eq!(texts(&messages.take(1).await), ["c"]);
    complete(&server, &id, "worker-1", "abc").await;
    assert_eq!(texts(&messages.rest().await), ["completed"]);
    // After the end everything is still there, and its end.
    let rest = follow(&server, &id, "", None).await.rest().await;
    assert_eq!(texts(&rest), ["a", "b", "c", "completed"]);
    assert_eq!(
        texts(&follow(&server, &id, "", Some(3)).await.rest().await),
        ["completed"]
    );
}

#[tokio::test]
async fn a_reader_that_comes_back_within_a_character_gets_the_whole_of_it() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let bytes = "a\u{20AC}b".as_bytes();
    send(&server, &id, "stdout", 0, &bytes[..2]).await;
    send(&server, &id, "stderr", 0, b"e").await;
    let mut messages = follow(&server, &id, "", None).await;
    let seen = messages.take(2).await;
    assert_eq!(texts(&seen), ["a", "e"]);
    drop(messages);
    send(&server, &id, "stdout", 2, &bytes[2..]).await;
    // What is missing is marked, too.
    send(&server, &id, "stderr", 5, b"f").await;
    let mut messages = follow(&server, &id, "", seen[1].id).await;
    let rest = messages.take(2).await;
    assert_eq!(rest[0].data["text"], "\u{20AC}b");
    let marked = rest[1].data["text"].as_str().expect("text");
    assert!(
        marked.contains("4 bytes dropped") && marked.ends_with('f'),
        "{marked}"
    );
}

#[tokio::test]
async fn one_stream_may_be_followed() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    send(&server, &id, "stdout", 0, b"out").await;
    send(&server, &id, "stderr", 0, b"err").await;
    complete(&server, &id, "worker-1", "out").await;
    let rest = follow(&server, &id, "&stream=stderr", None)
        .await
        .rest()
        .await;
    assert_eq!(texts(&rest), ["err", "completed"]);
}

#[tokio::test]
async fn an_executor_that_sends_no_output_while_it_runs_sends_it_at_the_end() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    complete(&server, &id, "worker-1", "all of it").await;
    let rest = follow(&server, &id, "", None).await.rest().await;
    assert_eq!(texts(&rest), ["all of it", "e", "completed"]);
}

#[tokio::test]
async fn attempts_of_different_executors_follow_one_another() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    send(&server, &id, "stdout", 0, b"lost work").await;
    let mut messages = follow(&server, &id, "&stream=stdout", None).await;
    assert_eq!(texts(&messages.take(1).await), ["lost work"]);
    server.clock.advance_ms(30_000);
    server.reap().await;
    server.claim("worker-2").await;
    complete(&server, &id, "worker-2", "second work").await;
    let rest = messages.rest().await;
    assert_eq!(texts(&rest), ["second work", "completed"]);
    assert_eq!(rest[0].data["attempt"], 2);
}

#[tokio::test]
async fn characters_that_are_split_between_chunks_stay_whole_and_wrong_bytes_are_marked() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let bytes = "a\u{20AC}b".as_bytes();
    send(&server, &id, "stdout", 0, &bytes[..2]).await;
    send(&server, &id, "stdout", 2, &bytes[2..]).await;
    send(&server, &id, "stdout", 5, b"\xFF\n").await;
    complete(&server, &id, "worker-1", "").await;
    let rest = follow(&server, &id, "", None).await.rest().await;
    assert_eq!(texts(&rest), ["a", "\u{20AC}b", "\u{FFFD}\n", "completed"]);
}

#[tokio::test]
async fn a_cancelled_job_ends_the_stream() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let messages = follow(&server, &id, "", None).await;
    let path = format!("/api/v1/jobs/{id}");
    let (rest, cancelled) = tokio::join!(messages.rest(), server.delete(&path));
    assert_eq!(cancelled.status, 200);
    assert_eq!(texts(&rest), ["cancelled"]);
}

#[tokio::test]
async fn following_what_is_not_there_is_refused() {
    let server = TestServer::open().await;
    server.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    let path = "/api/v1/jobs/018cc4e5-2200-7000-8000-0000000000ff/logs?follow=1";
    server.get(path).refused(404).await;
}

#[tokio::test]
async fn half_a_character_at_the_end_or_before_a_gap_is_shown_as_such() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    send(&server, &id, "stdout", 0, b"a\xE2\x82").await;
    // Three bytes are missing, the rest of the character among them.
    send(&server, &id, "stdout", 6, b"b\xF0\x9F").await;
    send(&server, &id, "stderr", 0, b"\xC3").await;
    complete(&server, &id, "worker-1", "").await;
    let messages = follow(&server, &id, "", None).await.rest().await;
    assert_eq!(
        texts(&messages),
        [
            "a",
            "\u{FFFD}\n[... 3 bytes dropped ...]\nb",
            "",
            "\u{FFFD}",
            "\u{FFFD}",
            "completed"
        ]
    );
    let place = |message: &Message| {
        let data = &message.data;
        (data["stream"].clone(), data["offset"].clone())
    };
    assert_eq!(place(&messages[3]), (json!("stderr"), json!(0)));
    assert_eq!(place(&messages[4]), (json!("stdout"), json!(7)));
}
