//! `/ws/events`: who may open it, what comes, and how it ends.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use tokio::net::TcpStream;

use super::{
    slow::until,
    socket::{Socket, job, start, start_with},
};

use crate::{answer::has, stream::DEADLINE, test_server::TestServer};

const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn events_come_as_they_happen_and_from_any_number() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path(), TIMEOUT).await;
    let id = client.submit(&job(), None).await.expect("accepted").id;
    let mut all = Socket::open(running.local_addr(), "/ws/events?after=0").await;
    let mut new = Socket::open(running.local_addr(), "/ws/events").await;
    let first = all.said().await;
    assert_eq!(first["seq"], 1);
    assert_eq!(first["type"], "job.submitted");
    assert_eq!(first["kind"], "job");
    assert_eq!(first["run_id"], id);
    assert_eq!(first["data"]["status"], "queued");
    assert!(first["at"].as_str().is_some_and(|at| at.ends_with('Z')));
    assert_eq!(first.as_object().map(serde_json::Map::len), Some(6));
    client.cancel(&id).await.expect("cancelled");
    let path = format!("/ws/events?after=0&types=job.c*,other&run_id={id}&kind=job");
    let mut some = Socket::open(running.local_addr(), &path).await;
    for socket in [&mut all, &mut new, &mut some] {
        let second = socket.said().await;
        has(&second, &json!({"seq": 2, "type": "job.cancelled"}));
    }
    running.stop().await;
}

#[tokio::test]
async fn pings_are_answered_and_asked() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, _) = start(dir.path(), TIMEOUT).await;
    let mut socket = Socket::open(running.local_addr(), "/ws/events").await;
    socket.send("what is this?").await;
    socket
        .send(r#"{"type":"ping","timestamp":1707000000000}"#)
        .await;
    let pong = json!({"type": "pong", "timestamp": 1_707_000_000_000_i64});
    assert_eq!(socket.said().await, pong);
    running.stop().await;
    while socket.next().await.is_some() {}
    assert!(socket.pings > 0);
}

#[tokio::test]
async fn pings_recur_and_a_peer_that_answers_none_is_left() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start_with(dir.path(), |settings| {
        settings.keep_alive = Duration::from_millis(100);
        settings.reader_silence = Duration::from_secs(10);
    })
    .await;
    let mut answers = Socket::open(running.local_addr(), "/ws/events?kind=job").await;
    answers.pinged(3).await;
    // It reads nothing, so it answers nothing: not even that it is there.
    let silent = Socket::open(running.local_addr(), "/ws/events?kind=execution").await;
    let present = "playhouse_live_readers{form=\"event_socket\"}";
    let left = async {
        until(&client, present, 2).await;
        until(&client, present, 1).await;
    };
    let goes_on = async {
        loop {
            let pings = answers.pings;
            answers.pinged(pings + 1).await;
        }
    };
    tokio::select! {
        () = left => {}
        () = goes_on => unreachable!("it goes on for ever"),
    }
    client.submit(&job(), None).await.expect("accepted");
    assert_eq!(answers.said().await["seq"], 1);
    drop(silent);
    running.stop().await;
}

#[tokio::test]
async fn a_stream_without_events_says_again_and_again_that_it_is_alive() {
    let server = TestServer::with(|settings| settings.keep_alive = Duration::from_millis(50)).await;
    let mut stream = server
        .get("/api/events")
        .await
        .into_body()
        .into_data_stream();
    let mut text = String::new();
    // The first is the place where it begins.
    while text.matches(": alive\nid: 0\n\n").count() < 4 {
        let chunk = tokio::time::timeout(DEADLINE, stream.next()).await;
        let chunk = chunk.expect("in time").expect("it goes on");
        text.push_str(std::str::from_utf8(&chunk.expect("a chunk")).expect("text"));
    }
}

#[tokio::test]
async fn a_reader_of_another_log_gets_a_reset() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path(), TIMEOUT).await;
    let mut socket = Socket::open(running.local_addr(), "/ws/events?after=7").await;
    assert_eq!(socket.said().await, json!({"type": "reset", "oldest": 1}));
    client.submit(&job(), None).await.expect("accepted");
    assert_eq!(socket.said().await["seq"], 1);
    running.stop().await;
}

#[tokio::test]
async fn a_stop_says_where_to_go_on() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path(), TIMEOUT).await;
    client.submit(&job(), None).await.expect("accepted");
    let mut ours = Socket::open(running.local_addr(), "/ws/events?kind=execution").await;
    let mut contract = Socket::open(running.local_addr(), "/ws/executions").await;
    assert_eq!(
        ours.next().await,
        Some(json!({"type": "position", "after": 1}))
    );
    running.stop().await;
    assert_eq!(
        ours.next().await,
        Some(json!({"type": "resume", "after": 1}))
    );
    for socket in [&mut ours, &mut contract] {
        // Who knows only the contract gets nothing beyond it.
        assert_eq!(socket.next().await, None);
        let closed = (1012, "the server stops; resume after 1".to_owned());
        assert_eq!(socket.closed, Some(closed));
    }
}

#[tokio::test]
async fn pages_of_other_sites_and_other_hosts_open_no_socket() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, _) = start(dir.path(), TIMEOUT).await;
    let address = running.local_addr();
    let own = format!("http://{address}");
    for path in ["/ws/events", "/ws/executions"] {
        for (name, value, allowed) in [
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("sec-fetch-site", "cross-site", false),
            ("host", "evil.example", false),
            ("origin", "http://localhost:1", false),
            ("origin", own.as_str(), true),
            ("host", "localhost", true),
        ] {
            let stream = TcpStream::connect(address).await.expect("a connection");
            let opened = Socket::over(stream, address, path, &[(name, value)]).await;
            let refused = opened.err().map(|answer| answer.status().as_u16());
            assert_eq!(
                refused,
                (!allowed).then_some(403),
                "{path}, {name}: {value}"
            );
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn what_opens_no_socket_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path(), TIMEOUT).await;
    let address = running.local_addr();
    for path in [
        "/ws/events?after=-1",
        "/ws/events?after=x",
        "/ws/events?run_id=42",
        "/ws/executions?after=-1",
        "/ws/executions?after=x",
    ] {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let opened = Socket::over(stream, address, path, &[]).await;
        let refused = opened.err().expect("it is refused");
        assert_eq!(refused.status(), 400, "{path}");
        assert_eq!(
            refused.headers()["content-type"],
            "application/problem+json"
        );
    }
    for path in ["/ws/events", "/ws/executions"] {
        let refused = client.download(path).await.err().expect("a plain request");
        assert_eq!(refused.status().map(|status| status.as_u16()), Some(400));
    }
    running.stop().await;
}
