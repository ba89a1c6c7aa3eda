//! Readers of the event log while servers are killed: one that comes back to where it was gets every
//! event once and in order.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_util::StreamExt;
use serde_json::Value;
use tokio::{net::TcpStream, runtime::Runtime, task::JoinHandle};
use tokio_tungstenite::{client_async, tungstenite::Message};
use wire::{client::Client, jobs::NewJob};

use private_postgres::Database;

use crate::{
    events::{Following, Seen},
    harness::{DEADLINE, Server, poll, wait_for},
};

const ROUNDS: usize = 5;
/// Events that each round waits for before it kills.
const EACH: usize = 60;

#[test]
fn no_event_is_missed_or_repeated_over_kills_on_sqlite() {
    let runtime = Runtime::new().expect("a runtime starts");
    survive(&runtime, &mut [Server::start(&[])]);
}

#[test]
fn no_event_is_missed_or_repeated_over_kills_on_postgres() {
    let database = Database::create("cli");
    let runtime = Runtime::new().expect("a runtime starts");
    survive(
        &runtime,
        &mut [Server::start(&["--database-url", database.url()])],
    );
}

#[test]
fn readers_of_two_servers_see_the_events_of_both() {
    let database = Database::create("cli");
    let runtime = Runtime::new().expect("a runtime starts");
    let start = || Server::start(&["--database-url", database.url()]);
    survive(&runtime, &mut [start(), start()]);
}

/// Load on every server, readers of every server; the last one is killed again and again.
fn survive(runtime: &Runtime, servers: &mut [Server]) {
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = servers
        .iter()
        .map(|server| runtime.spawn(submit(client(server), stop.clone())))
        .collect();
    let commands: Vec<_> = servers
        .iter()
        .map(|server| Following::start(server, &["--after", "0"]))
        .collect();
    let sockets: Vec<_> = servers
        .iter()
        .flat_map(|server| {
            [
                Socket::start(runtime, server, ""),
                Socket::start(runtime, server, CANCELLED),
            ]
        })
        .collect();
    for round in 1..=ROUNDS {
        for command in &commands {
            wait_for("events come", || command.seen.count() > round * EACH);
        }
        if let Some(server) = servers.last_mut() {
            server.kill();
            server.restart();
        }
    }
    stop.store(true, SeqCst);
    runtime.block_on(async {
        for task in load {
            task.await.expect("no panic");
        }
    });
    let last = runtime
        .block_on(cancelled_job(&client(&servers[0])))
        .expect("the server answers");
    let ended = |event: &Value| event["run_id"] == *last && event["type"] == "job.cancelled";
    let mut logs = Vec::new();
    for seen in commands
        .iter()
        .map(|command| &command.seen)
        .chain(sockets.iter().map(|socket| &socket.seen))
    {
        poll("the last event comes", || seen.last().filter(&ended));
        logs.push(seen.all());
    }
    agree(&logs);
    for socket in sockets {
        socket.task.abort();
    }
}

/// All logs are the first, or its cancelled jobs where only those were asked for.
fn agree(logs: &[Vec<Value>]) {
    let whole = &logs[0];
    assert!(whole.len() > ROUNDS * EACH);
    assert!(
        (1..)
            .zip(whole)
            .all(|(number, event)| event["seq"] == number),
        "a gap"
    );
    let cancelled: Vec<Value> = whole
        .iter()
        .filter(|event| event["type"] == "job.cancelled")
        .cloned()
        .collect();
    for log in logs {
        let expected = if log[0]["type"] == "job.cancelled" {
            &cancelled
        } else {
            whole
        };
        assert_eq!(log.len(), expected.len());
        assert!(log == expected, "another log");
    }
}

const CANCELLED: &str = "&types=job.cancelled";

fn client(server: &Server) -> Client {
    Client::http(&server.url()).expect("the URL is good")
}

async fn cancelled_job(client: &Client) -> Option<String> {
    let id = client.submit(&job(), None).await.ok()?.id;
    client.cancel(&id).await.ok()?;
    Some(id)
}

fn job() -> NewJob {
    NewJob {
        job_type: "resume".to_owned(),
        binary_url: "http://127.0.0.1/none".to_owned(),
        binary_sha256: "0".repeat(64),
        priority: "background".to_owned(),
        ..NewJob::default()
    }
}

/// Most jobs wait; some are cancelled.
async fn submit(client: Client, stop: Arc<AtomicBool>) {
    while !stop.load(SeqCst) {
        for _ in 0..3 {
            // The server may be away: what counts is what it has committed.
            let _ = client.submit(&job(), None).await;
        }
        if cancelled_job(&client).await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A reader of `/ws/events` that comes back to where it was.
struct Socket {
    task: JoinHandle<()>,
    seen: Seen,
}

impl Socket {
    fn start(runtime: &Runtime, server: &Server, filter: &'static str) -> Self {
        let seen = Seen::default();
        let task = runtime.spawn(follow(server.port, filter, seen.clone()));
        Self { task, seen }
    }
}

async fn follow(port: u16, filter: &str, seen: Seen) {
    let mut position = 0;
    loop {
        let url = format!("ws://127.0.0.1:{port}/ws/events?after={position}{filter}");
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await
            && let Ok((mut socket, _)) = client_async(url, stream).await
        {
            while let Ok(Some(Ok(message))) = tokio::time::timeout(DEADLINE, socket.next()).await {
                let Message::Text(text) = message else {
                    continue;
                };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                assert_ne!(message["type"], "reset", "nothing was removed");
                match message["seq"].as_i64() {
                    Some(seq) => {
                        position = seq;
                        seen.push(message);
                    }
                    None => position = message["after"].as_i64().expect("a position"),
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
