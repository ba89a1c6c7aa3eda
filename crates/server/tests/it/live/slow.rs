//! A reader that takes nothing is cut off, hears where it was when it reads again in time, and
//! no other reader notices.

use std::time::{Duration, Instant};

use serde_json::json;
use server::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::{client::Client, jobs::NewJob};

use super::socket::{Socket, job, narrow, start};
use crate::stream::DEADLINE;

/// Readers that take what they get must not seem slow, however busy the machine is.
const TIMEOUT: Duration = Duration::from_secs(8);
/// More bytes than all buffers between a server and a client hold.
pub(super) const EVENTS: i64 = 20_000;
const AT_ONCE: i64 = 10_000;

/// A server with a log that is longer than any buffer.
pub(super) async fn long_log(dir: &std::path::Path) -> (Running, Client) {
    let (running, client) = start(dir, TIMEOUT).await;
    let jobs: Vec<NewJob> = (0..AT_ONCE).map(|_| job()).collect();
    let body = serde_json::to_vec(&jobs).expect("JSON");
    for _ in 0..EVENTS / AT_ONCE {
        let answer = reqwest::Client::builder()
            .timeout(DEADLINE)
            .build()
            .expect("a client")
            .post(format!("{}/api/v1/jobs/bulk", running.public_url()))
            .body(body.clone())
            .send()
            .await;
        assert_eq!(answer.expect("an answer").status(), 201);
    }
    (running, client)
}

/// A metric of the server, by its name with labels.
pub(super) async fn metric(client: &Client, name: &str) -> u64 {
    let answer = client.download("/api/v1/metrics").await.expect("an answer");
    let mut body = answer.into_body();
    let mut text = Vec::new();
    while let Some(chunk) = futures_util::StreamExt::next(&mut body).await {
        text.extend_from_slice(&chunk.expect("a chunk"));
    }
    let text = String::from_utf8(text).expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |value| value.trim().parse().expect("a number"))
}

/// Polls until a metric has a value.
pub(super) async fn until(client: &Client, name: &str, wanted: u64) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let found = metric(client, name).await;
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{name} is {found}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_socket_that_is_not_read_is_cut_off_with_a_word() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = long_log(dir.path()).await;
    let address = running.local_addr();
    let stalled = narrow(address).await;
    let opened = Socket::over(stalled, address, "/ws/events?after=0", &[]).await;
    let mut stalled = opened.expect("the socket opens");
    let cut_off = "playhouse_readers_cut_off_total{form=\"event_socket\"}";
    until(&client, cut_off, 1).await;
    // In time it still hears everything up to where it was left.
    let (mut seen, mut resume) = (0_i64, None);
    while let Some(message) = stalled.next().await {
        match message["type"].as_str().expect("a type") {
            "job.submitted" => {
                assert_eq!(message["seq"], seen + 1, "a gap");
                seen += 1;
            }
            "position" => {}
            "resume" => resume = message["after"].as_i64(),
            other => panic!("{other}"),
        }
    }
    assert_eq!(resume, Some(seen));
    assert!(seen > 0 && seen < EVENTS, "{seen}");
    let closed = (1013, format!("too slow; resume after {seen}"));
    assert_eq!(stalled.closed, Some(closed));
    until(&client, "playhouse_live_readers{form=\"event_socket\"}", 0).await;
    let path = format!("/ws/events?after={seen}");
    let mut again = Socket::open(address, &path).await;
    assert_eq!(again.said().await["seq"], json!(seen + 1));
    running.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_not_read_is_cut_off_with_a_word() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = long_log(dir.path()).await;
    let request = "GET /api/events?after=0 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut stalled = narrow(running.local_addr()).await;
    let mut deaf = narrow(running.local_addr()).await;
    for stream in [&mut stalled, &mut deaf] {
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
    }
    until(
        &client,
        "playhouse_readers_cut_off_total{form=\"events\"}",
        2,
    )
    .await;
    let mut answer = Vec::new();
    // However it ends: what matters is what came before.
    let read = tokio::time::timeout(DEADLINE, stalled.read_to_end(&mut answer)).await;
    drop(read.expect("it ends"));
    let text = String::from_utf8_lossy(&answer);
    let ids: Vec<i64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|id| id.parse().expect("a number"))
        .collect();
    let resume = ids.last().copied().expect("events came");
    let events = &ids[1..ids.len() - 1];
    assert!(
        events.iter().copied().eq(1..=resume),
        "a gap before {resume}"
    );
    let word = format!("event: resume\ndata: {{\"after\":{resume}}}\n");
    assert!(text.contains(&word), "no word at the end");
    // The other one never reads again, and is gone all the same.
    until(&client, "playhouse_live_readers{form=\"events\"}", 0).await;
    let started = Instant::now();
    running.stop().await;
    let took = started.elapsed();
    // A stop that waits for readers does so for ten seconds at least.
    assert!(took < Duration::from_secs(9), "{took:?}");
    drop(deaf);
}
