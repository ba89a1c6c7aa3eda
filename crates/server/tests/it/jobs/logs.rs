//! Output while a job runs, and afterwards.

use axum::body::Body;
use http::Method;
use serde_json::json;

use crate::{
    answer::Call,
    test_server::{TestServer, example},
};

/// Sends a chunk as the holder of token 1.
pub(super) fn send<'a>(
    server: &'a TestServer,
    id: &str,
    stream: &str,
    offset: u64,
    bytes: &[u8],
) -> Call<'a> {
    let path =
        format!("/api/runs/{id}/output?stream={stream}&offset={offset}&executor=worker-1&token=1");
    server.send(Method::POST, &path, Body::from(bytes.to_vec()))
}

async fn log(server: &TestServer, id: &str, stream: &str) -> Vec<u8> {
    let answer = server
        .get(&format!("/api/v1/jobs/{id}/logs?stream={stream}"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    answer.bytes().await.to_vec()
}

async fn running(server: &TestServer) -> String {
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    id
}

#[tokio::test]
async fn what_exists_now_is_given_as_it_was_printed() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    assert_eq!(log(&server, &id, "stdout").await, b"");
    assert_eq!(send(&server, &id, "stdout", 0, b"one\n").await.status, 204);
    assert_eq!(
        send(&server, &id, "stderr", 0, b"\xFF\0two").await.status,
        204
    );
    assert_eq!(
        send(&server, &id, "stdout", 4, b"three\n").await.status,
        204
    );
    assert_eq!(log(&server, &id, "stdout").await, b"one\nthree\n");
    assert_eq!(log(&server, &id, "stderr").await, b"\xFF\0two");
    let default = server
        .get(&format!("/api/v1/jobs/{id}/logs"))
        .await
        .text()
        .await;
    assert_eq!(default, "one\nthree\n");
}

#[tokio::test]
async fn a_repeated_chunk_is_stored_once_and_a_gap_is_marked() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    for _ in 0..2 {
        assert_eq!(send(&server, &id, "stdout", 0, b"0123").await.status, 204);
    }
    assert_eq!(
        send(&server, &id, "stdout", 2, b"2345").await.status,
        204,
        "it overlaps"
    );
    assert_eq!(
        send(&server, &id, "stdout", 10, b"ab").await.status,
        204,
        "four are missing"
    );
    assert_eq!(
        log(&server, &id, "stdout").await,
        b"012345\n[... 4 bytes dropped ...]\nab"
    );
}

#[tokio::test]
async fn only_the_current_lease_sends_output() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    send(&server, &id, "stdout", 0, b"early").problem(404).await;
    server.claim("worker-1").await;
    server.clock.advance_ms(30_000);
    server.reap().await;
    server.claim("worker-2").await;
    send(&server, &id, "stdout", 0, b"late").problem(404).await;
    assert_eq!(log(&server, &id, "stdout").await, b"");
}

#[tokio::test]
async fn the_newest_attempt_is_shown() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    send(&server, &id, "stdout", 0, b"first").await;
    let finish = json!({"executor_id": "worker-1", "stdout": "first", "exit_code": 0});
    server.put_job(&id, "complete", &finish).json(200).await;
    assert_eq!(log(&server, &id, "stdout").await, b"first");
    server.retry(&id).await;
    server.claim("worker-2").await;
    assert_eq!(log(&server, &id, "stdout").await, b"");
}

#[tokio::test]
async fn it_ends_with_what_was_there_when_it_was_asked_for() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    // More than are read at once.
    for number in 0..40 {
        let sent = send(&server, &id, "stdout", number * 4, b"now\n").await;
        assert_eq!(sent.status, 204);
    }
    let answer = server.get(&format!("/api/v1/jobs/{id}/logs")).await;
    assert_eq!(
        send(&server, &id, "stdout", 160, b"later\n").await.status,
        204
    );
    assert_eq!(answer.text().await, "now\n".repeat(40));
    assert!(log(&server, &id, "stdout").await.ends_with(b"later\n"));
}

#[tokio::test]
async fn beyond_the_limit_the_middle_is_dropped_with_a_mark() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let chunk = vec![b'x'; 1 << 20];
    for number in 0..20_u64 {
        let mut chunk = chunk.clone();
        chunk[0] = b'a' + u8::try_from(number).expect("few chunks");
        assert_eq!(
            send(&server, &id, "stdout", number << 20, &chunk)
                .await
                .status,
            204
        );
    }
    let text = log(&server, &id, "stdout").await;
    let text = String::from_utf8(text).expect("text");
    assert!(text.len() < (16 << 20) + 100, "{}", text.len());
    let letters: String = text.chars().filter(|c| *c != 'x').collect();
    assert_eq!(
        letters,
        "abcdefgh\n[... 4194304 bytes dropped ...]\nmnopqrst"
    );
}
