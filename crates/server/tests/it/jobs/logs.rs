//! Output while a job runs, and afterwards.

use axum::body::Body;
use http::Method;
use serde_json::json;

use crate::{
    answer::Answer,
    bed::{Bed, example},
};

/// Sends a chunk as the holder of token 1.
pub(super) async fn send(bed: &Bed, id: &str, stream: &str, offset: u64, bytes: &[u8]) -> Answer {
    let path = format!(
        "/api/v1/jobs/{id}/logs?stream={stream}&offset={offset}&executor_id=worker-1&lease_token=1"
    );
    bed.send(Method::POST, &path, Body::from(bytes.to_vec()))
        .await
}

async fn log(bed: &Bed, id: &str, stream: &str) -> Vec<u8> {
    let answer = bed
        .get(&format!("/api/v1/jobs/{id}/logs?stream={stream}"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    answer.bytes().await.to_vec()
}

async fn running(bed: &Bed) -> String {
    let id = bed.submit(&example()).await;
    bed.claim("worker-1").await;
    id
}

#[tokio::test]
async fn what_exists_now_is_given_as_it_was_printed() {
    let bed = Bed::open().await;
    let id = running(&bed).await;
    assert_eq!(log(&bed, &id, "stdout").await, b"");
    assert_eq!(send(&bed, &id, "stdout", 0, b"one\n").await.status, 204);
    assert_eq!(send(&bed, &id, "stderr", 0, b"\xFF\0two").await.status, 204);
    assert_eq!(send(&bed, &id, "stdout", 4, b"three\n").await.status, 204);
    assert_eq!(log(&bed, &id, "stdout").await, b"one\nthree\n");
    assert_eq!(log(&bed, &id, "stderr").await, b"\xFF\0two");
    let default = bed
        .get(&format!("/api/v1/jobs/{id}/logs"))
        .await
        .text()
        .await;
    assert_eq!(default, "one\nthree\n");
}

#[tokio::test]
async fn a_repeated_chunk_is_stored_once_and_a_gap_is_marked() {
    let bed = Bed::open().await;
    let id = running(&bed).await;
    for _ in 0..2 {
        assert_eq!(send(&bed, &id, "stdout", 0, b"0123").await.status, 204);
    }
    assert_eq!(
        send(&bed, &id, "stdout", 2, b"2345").await.status,
        204,
        "it overlaps"
    );
    assert_eq!(
        send(&bed, &id, "stdout", 10, b"ab").await.status,
        204,
        "four are missing"
    );
    assert_eq!(
        log(&bed, &id, "stdout").await,
        b"012345\n[... 4 bytes dropped ...]\nab"
    );
}

#[tokio::test]
async fn only_the_current_lease_sends_output() {
    let bed = Bed::open().await;
    let id = bed.submit(&example()).await;
    send(&bed, &id, "stdout", 0, b"early")
        .await
        .refused(404)
        .await;
    bed.claim("worker-1").await;
    bed.clock.advance_ms(30_000);
    bed.server.reap().await.expect("a tick");
    bed.claim("worker-2").await;
    send(&bed, &id, "stdout", 0, b"late")
        .await
        .refused(404)
        .await;
    assert_eq!(log(&bed, &id, "stdout").await, b"");
}

#[tokio::test]
async fn the_newest_attempt_is_shown() {
    let bed = Bed::open().await;
    let id = running(&bed).await;
    send(&bed, &id, "stdout", 0, b"first").await;
    let finish = json!({"executor_id": "worker-1", "stdout": "first", "exit_code": 0});
    bed.put(&format!("/api/v1/jobs/{id}/complete"), &finish)
        .await
        .json(200)
        .await;
    assert_eq!(log(&bed, &id, "stdout").await, b"first");
    bed.post(&format!("/api/v1/jobs/{id}/retry"), &json!(null))
        .await
        .json(200)
        .await;
    bed.claim("worker-2").await;
    assert_eq!(log(&bed, &id, "stdout").await, b"");
}

#[tokio::test]
async fn it_ends_with_what_was_there_when_it_was_asked_for() {
    let bed = Bed::open().await;
    let id = running(&bed).await;
    // More than are read at once.
    for number in 0..40 {
        let sent = send(&bed, &id, "stdout", number * 4, b"now\n").await;
        assert_eq!(sent.status, 204);
    }
    let answer = bed.get(&format!("/api/v1/jobs/{id}/logs")).await;
    assert_eq!(send(&bed, &id, "stdout", 160, b"later\n").await.status, 204);
    assert_eq!(answer.text().await, "now\n".repeat(40));
    assert!(log(&bed, &id, "stdout").await.ends_with(b"later\n"));
}

#[tokio::test]
async fn beyond_the_limit_the_middle_is_dropped_with_a_mark() {
    let bed = Bed::open().await;
    let id = running(&bed).await;
    let chunk = vec![b'x'; 1 << 20];
    for number in 0..20_u64 {
        let mut chunk = chunk.clone();
        chunk[0] = b'a' + u8::try_from(number).expect("few chunks");
        assert_eq!(
            send(&bed, &id, "stdout", number << 20, &chunk).await.status,
            204
        );
    }
    let text = log(&bed, &id, "stdout").await;
    let text = String::from_utf8(text).expect("text");
    assert!(text.len() < (16 << 20) + 100, "{}", text.len());
    let letters: String = text.chars().filter(|c| *c != 'x').collect();
    assert_eq!(
        letters,
        "abcdefgh\n[... 4194304 bytes dropped ...]\nmnopqrst"
    );
}
