//! Rollouts on a real engine under requests, event streams, sockets and uploads: none of them sees an error.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt, stream};
use reqwest::{Body, Client, StatusCode};
use serde_json::json;
use tokio::{
    net::TcpStream,
    runtime::Runtime,
    sync::watch,
    task::JoinSet,
    time::{interval, sleep},
};
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::TestPlaygrounds;

/// How many rollouts; set, the uploads take 20 seconds each.
const ROLLOUTS: &str = "PLAYHOUSE_LOAD_ROLLOUTS";
/// Together 1,000 requests a second.
const CALLERS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(50);
/// Of each kind.
const STREAMS: usize = 100;
const UPLOADS: usize = 4;
const PIECES: u32 = 20;
const PIECE: usize = 4096;

const COMPOSE: &str = "
services:
  web:
    image: SAMPLE
    environment: {VERSION: '${VERSION:-0}'}
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, /bin/sample, check], interval: 300ms, retries: 100}
    stop_grace_period: 30s
    deploy: {replicas: 2}
";

/// What was done.
#[derive(Debug, Default)]
struct Counts {
    requests: AtomicUsize,
    events: AtomicUsize,
    echoes: AtomicUsize,
    uploads: AtomicUsize,
    /// Event streams and sockets that the application ended, and that were opened again.
    reopened: AtomicUsize,
}

/// What every kind of caller needs.
#[derive(Clone)]
struct Load {
    client: Client,
    /// The service's host and port, as its URL names it.
    place: String,
    port: u16,
    counts: Arc<Counts>,
    stop: watch::Receiver<bool>,
}

#[test]
#[expect(clippy::print_stdout, reason = "what was done, for `cargo xtask load`")]
fn rollouts_under_load_cause_no_error() {
    wire::client::tls_ready();
    let (rollouts, upload) = length();
    let test = TestPlaygrounds::start();
    let spec = test.playspec("load", &COMPOSE.replace("SAMPLE", private_docker::SAMPLE));
    let id = test.create("load", spec, &json!({}));
    test.becomes(id, "running");
    let (place, port) = test.place(id, "web");
    let (stop, stopping) = watch::channel(false);
    let (host, router) = ("web.localhost", SocketAddr::from(([127, 0, 0, 1], port)));
    assert_eq!(place, format!("{host}:{port}"));
    let load = Load {
        client: Client::builder().resolve(host, router).build().unwrap(),
        place,
        port,
        counts: Arc::default(),
        stop: stopping,
    };
    let counts = load.counts.clone();
    let runtime = Runtime::new().unwrap();
    let mut callers = runtime.block_on(async { load.all(upload) });
    for version in 1..=rollouts {
        let change = json!({"playground": {"env_overrides": {"VERSION": version.to_string()}}});
        let answer = test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&change));
        assert_eq!(answer.status, 200, "{answer:?}");
        test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
        test.becomes(id, "running");
        let body = test.visit(id, "web", "/").json();
        assert_eq!(body["version"], version.to_string());
    }
    stop.send_replace(true);
    runtime.block_on(async {
        while let Some(caller) = callers.join_next().await {
            caller.unwrap();
        }
    });
    println!("{counts:?}");
    let count = |counter: &AtomicUsize| counter.load(SeqCst);
    assert!(count(&counts.requests) > 100 * rollouts, "{counts:?}");
    assert!(count(&counts.events) > 100 * rollouts, "{counts:?}");
    assert!(count(&counts.echoes) > 100 * rollouts, "{counts:?}");
    assert!(count(&counts.uploads) >= UPLOADS, "{counts:?}");
    // Each of them at each rollout, but for those that were opened on a new replica.
    assert!(count(&counts.reopened) >= STREAMS * rollouts, "{counts:?}");
    test.destroy(id);
}

/// How many rollouts, and how long an upload takes.
#[expect(
    clippy::disallowed_methods,
    reason = "the number of rollouts comes from `cargo xtask`"
)]
fn length() -> (usize, Duration) {
    match std::env::var(ROLLOUTS) {
        Ok(text) => (
            text.parse().expect("a number of rollouts"),
            Duration::from_secs(20),
        ),
        Err(_) => (2, Duration::from_secs(1)),
    }
}

impl Load {
    fn all(self, upload: Duration) -> JoinSet<()> {
        let mut callers = JoinSet::new();
        for number in 0..CALLERS {
            callers.spawn(self.clone().call(number));
        }
        for _ in 0..STREAMS {
            callers.spawn(self.clone().read_events());
            callers.spawn(self.clone().talk());
        }
        for _ in 0..UPLOADS {
            callers.spawn(self.clone().upload(upload));
        }
        callers
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.place)
    }

    fn stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Requests, every other one with a body.
    async fn call(self, number: u32) {
        sleep(PAUSE / CALLERS * number).await;
        let mut ticks = interval(PAUSE);
        for number in 0.. {
            ticks.tick().await;
            if self.stopped() {
                return;
            }
            let request = if number % 2 == 0 {
                self.client.get(self.url("/"))
            } else {
                self.client.post(self.url("/echo")).body("a few bytes")
            };
            let answer = request.send().await.expect("a request is answered");
            assert_eq!(answer.status(), StatusCode::OK);
            let body = answer.bytes().await.expect("a whole body");
            assert!(number % 2 == 0 || &body[..] == b"a few bytes", "{body:?}");
            self.counts.requests.fetch_add(1, SeqCst);
        }
    }

    /// Reads events until their stream ends as it should, and opens it again.
    async fn read_events(self) {
        while !self.stopped() {
            let answer = self.client.get(self.url("/events")).send().await;
            let answer = answer.expect("a stream begins");
            assert_eq!(answer.status(), StatusCode::OK);
            let mut pieces = answer.bytes_stream();
            while let Some(piece) = pieces.next().await {
                piece.expect("a stream is not cut");
                self.counts.events.fetch_add(1, SeqCst);
                if self.stopped() {
                    return;
                }
            }
            self.counts.reopened.fetch_add(1, SeqCst);
        }
    }

    /// Sends a word every 50 ms and gets it back, until the application closes the socket; then opens it again.
    async fn talk(self) {
        while !self.stopped() {
            let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            let url = format!("ws://{}/socket", self.place);
            let (mut socket, _) = client_async(url, stream).await.expect("a socket opens");
            let hello = socket.next().await.expect("a first message").unwrap();
            assert!(hello.is_text(), "{hello:?}");
            let mut ticks = interval(PAUSE);
            loop {
                ticks.tick().await;
                if self.stopped() {
                    return;
                }
                // What was sent while the other side says goodbye is not answered.
                let sent = socket.send(Message::text("echo me")).await;
                match socket.next().await {
                    Some(Ok(Message::Close(_))) => break,
                    Some(Ok(message)) => assert_eq!(message, Message::text("echo me")),
                    other => panic!("a socket is cut: {sent:?} {other:?}"),
                }
                self.counts.echoes.fetch_add(1, SeqCst);
            }
            self.counts.reopened.fetch_add(1, SeqCst);
        }
    }

    /// Sends a body slowly, and gets it back whole.
    async fn upload(self, length: Duration) {
        while !self.stopped() {
            let pieces = stream::iter(0..PIECES).then(move |_| async move {
                sleep(length / PIECES).await;
                Ok::<_, std::io::Error>(vec![b'x'; PIECE])
            });
            let request = self.client.post(self.url("/echo"));
            let answer = request.body(Body::wrap_stream(pieces)).send().await;
            let answer = answer.expect("an upload is taken");
            assert_eq!(answer.status(), StatusCode::OK);
            let body = answer.bytes().await.expect("an upload is not cut");
            assert_eq!(body.len(), PIECES as usize * PIECE);
            self.counts.uploads.fetch_add(1, SeqCst);
        }
    }
}
