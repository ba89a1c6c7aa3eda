//! Headers that ask for something, or say two things.

use http::Request;
use serde_json::json;
use server::Settings;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    stream::DEADLINE,
    tcp::settings,
    test_server::{TestServer, bare, example},
};

#[tokio::test]
async fn two_hosts_are_refused() {
    let server = TestServer::open().await;
    let request = Request::get("/api/v1/jobs")
        .header("host", "localhost")
        .header("host", "evil.example");
    let request = request.body(axum::body::Body::empty()).expect("a request");
    let refused = server.request(request).refused(400).await;
    assert_eq!(refused["error"], "the request has several Host headers");
}

/// The first line of what a server answers to a head after which nothing comes.
async fn first_line(set: impl FnOnce(&mut Settings), head: &str) -> String {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut settings = settings(dir.path());
    set(&mut settings);
    let running = server::start(settings).await.expect("the server starts");
    let mut stream = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("a head");
    let mut answer = [0; 1024];
    let read = tokio::time::timeout(DEADLINE, stream.read(&mut answer)).await;
    let length = read.expect("an answer in time").expect("an answer");
    drop(stream);
    running.stop().await;
    let text = String::from_utf8_lossy(&answer[..length]);
    text.lines().next().unwrap_or_default().to_owned()
}

fn head(path: &str, length: u64) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\n\r\n"
    )
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_sent() {
    let refused = "HTTP/1.1 413 Payload Too Large";
    let line = first_line(|_| {}, &head("/api/v1/jobs", 100_000_000)).await;
    assert_eq!(line, refused);
    let small = |settings: &mut Settings| settings.upload_limit_bytes = 1_000;
    let line = first_line(small, &head("/api/v1/binaries", 1_001)).await;
    assert_eq!(line, refused);
    let line = first_line(small, &head("/api/v1/binaries", 1_000)).await;
    assert_eq!(line, "HTTP/1.1 100 Continue");
}

#[tokio::test]
async fn a_reader_that_has_seen_the_end_is_told_not_to_come_again() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    server.claim("worker-1").await;
    let mut end = bare("worker-1");
    end["stdout"] = json!("printed");
    server.put_job(&id, "complete", &end).json(200).await;
    for path in [
        format!("/api/v1/jobs/{id}/logs?follow=1"),
        format!("/api/runs/{id}/logs?follow=1"),
    ] {
        let text = server.get(&path).await.text().await;
        let last = text
            .lines()
            .filter_map(|line| line.strip_prefix("id: "))
            .next_back();
        let last = last.expect("the end has an id").to_owned();
        let again = |last: &str| {
            let headers = [("last-event-id", last)];
            server.with_headers(http::Method::GET, &path, &headers, "")
        };
        assert_eq!(again(&last).status().await, 204, "{path}");
        // One that missed the end gets it.
        let missed = again("0").await.text().await;
        assert!(missed.contains("event: end"), "{missed}");
    }
    // A job that is retried goes on.
    let path = format!("/api/v1/jobs/{id}/logs?follow=1");
    server.retry(&id).await;
    let headers = [("last-event-id", "0-end")];
    let answer = server
        .with_headers(http::Method::GET, &path, &headers, "")
        .await;
    assert_eq!(answer.status, 200);
    drop(answer);
    // Also when that has ended before the reader comes.
    let claimed = server.claim("worker-1").await;
    let token = &claimed["lease_token"];
    let output =
        format!("/api/runs/{id}/output?stream=stdout&offset=0&executor=worker-1&token={token}");
    let sent = server.send(http::Method::POST, &output, "again");
    assert!(sent.await.status.is_success());
    server
        .put_job(&id, "complete", &bare("worker-1"))
        .json(200)
        .await;
    let missed = server.with_headers(http::Method::GET, &path, &headers, "");
    let missed = missed.await.text().await;
    assert!(missed.contains("again"), "{missed}");
}
