//! Many connections at once, and such as say nothing.

use std::time::Duration;

use server::{Running, Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{access::Keyed, stream::DEADLINE, tcp::settings, test_server::TestServer};

async fn start(dir: &std::path::Path, set: impl FnOnce(&mut Settings)) -> Running {
    let mut settings = settings(dir);
    set(&mut settings);
    server::start(settings).await.expect("the server starts")
}

/// Connects and sends text.
async fn sent(running: &Running, text: &str) -> TcpStream {
    let stream = TcpStream::connect(running.local_addr()).await;
    let mut stream = stream.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("sent");
    stream
}

/// What comes until the server ends the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(DEADLINE, stream.read_to_end(&mut text)).await;
    // One that was cut off may end with a reset.
    let _ = read.expect("the connection ends");
    String::from_utf8_lossy(&text).into_owned()
}

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n")
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_out() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let running = start(dir.path(), |settings| settings.max_connections = 8).await;
    // Whoever may ask stays.
    let mut events = sent(&running, &get("/api/events", "")).await;
    let mut first = [0; 12];
    events.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(sent(&running, "GET / HTTP/1.1\r\nHost: lo").await);
    }
    let close = "connection: close\r\n";
    let live = rest(&mut sent(&running, &get("/livez", close)).await).await;
    assert!(live.starts_with("HTTP/1.1 200"), "{live}");
    let metrics = rest(&mut sent(&running, &get("/api/v1/metrics", close)).await).await;
    let count = |name: &str| -> u64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.expect(name).trim().parse().expect("a number")
    };
    assert!(count("playhouse_connections ") <= 8, "{metrics}");
    assert!(
        count("playhouse_connections_displaced_total ") >= 30,
        "{metrics}"
    );
    // The oldest of them are gone, the stream is not.
    assert_eq!(rest(&mut silent[0]).await, "");
    let more = timeout(Duration::from_millis(200), events.read_u8()).await;
    assert!(!matches!(more, Ok(Err(_))), "the stream ended");
    running.stop().await;
}

#[tokio::test]
async fn half_a_head_and_a_connection_without_a_request_end() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let limit = Duration::from_millis(300);
    let running = start(dir.path(), |settings| settings.head_timeout = limit).await;
    for text in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: localhost\r\n"] {
        assert_eq!(rest(&mut sent(&running, text).await).await, "", "{text:?}");
    }
    let kept = rest(&mut sent(&running, &get("/livez", "")).await).await;
    assert!(kept.starts_with("HTTP/1.1 200"), "{kept}");
    running.stop().await;
}

#[tokio::test]
async fn a_key_has_so_many_streams_and_no_more() {
    let keyed = Keyed::open().await;
    let mut streams = Vec::new();
    for _ in 0..1_000 {
        let stream = keyed.get(&keyed.admin, "/api/events").await;
        assert_eq!(stream.status, 200);
        streams.push(stream);
    }
    let refused = keyed.get(&keyed.admin, "/api/events").await;
    assert_eq!(refused.status, 429);
    assert!(refused.text().await.contains("1000 streams"));
    // What is answered at once is no stream.
    assert_eq!(keyed.get(&keyed.admin, "/api/v1/jobs").await.status, 200);
    drop(streams.pop());
    assert_eq!(keyed.get(&keyed.admin, "/api/events").await.status, 200);
}

#[tokio::test]
async fn a_filter_has_few_types() {
    let server = TestServer::open().await;
    let path = |types: usize| format!("/api/events?types={}", vec!["job.*"; types].join(","));
    assert_eq!(server.get(&path(32)).await.status, 200);
    let refused = server.get(&path(33)).problem(400).await;
    assert!(refused.contains("at most 32"), "{refused}");
}

#[tokio::test]
async fn browsers_are_told_what_no_page_of_ours_needs() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let running = start(dir.path(), |_| {}).await;
    for path in [
        "/livez",
        "/api/v1/jobs",
        "/api/reference/index.html",
        "/api/setup",
        "/nothing",
    ] {
        let close = "connection: close\r\n";
        let answer = rest(&mut sent(&running, &get(path, close)).await).await;
        let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
        let head = head.to_lowercase();
        for header in [
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "frame-ancestors 'none'",
            "default-src 'none'",
        ] {
            assert!(head.contains(header), "{path} {header}: {head}");
        }
    }
    running.stop().await;
}
