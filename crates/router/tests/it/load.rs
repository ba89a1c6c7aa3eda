//! The proof of a rollout without an error: targets are swapped, drained and stopped under load.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use router::{DrainLimits, Drained, Router};
use tokio::{
    io::AsyncWriteExt,
    task::JoinSet,
    time::{interval, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    backend::Backend,
    client::Client,
    world::{install, route, router},
};

/// Set by `cargo xtask load`: uploads take 20 seconds.
const LONG: &str = "PLAYHOUSE_LOAD_ROLLOUTS";
const ROLLOUTS: usize = 10;
/// Together 1,000 requests a second.
const CALLERS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(50);
const STREAMS: usize = 100;
const UPLOADS: usize = 4;

/// What was done.
#[derive(Default)]
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
    router: SocketAddr,
    counts: Arc<Counts>,
    stop: CancellationToken,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_rollouts_under_load_cause_no_error() {
    let upload_length = match std::env::var_os(LONG) {
        Some(_) => Duration::from_secs(20),
        None => Duration::from_millis(600),
    };
    let router = router().await;
    let mut replicas = start(0).await;
    install(&router, [route("web", &addresses(&replicas))]);
    let load = Load {
        router: router.http_addresses()[0],
        counts: Arc::default(),
        stop: CancellationToken::new(),
    };
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        callers.spawn(load.clone().call(number));
    }
    for _ in 0..STREAMS {
        callers.spawn(load.clone().read_events());
        callers.spawn(load.clone().talk());
    }
    for _ in 0..UPLOADS {
        callers.spawn(load.clone().upload(upload_length));
    }
    for number in 1..=ROLLOUTS {
        replicas = roll_out(&router, replicas, number).await;
    }
    load.stop.cancel();
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    check(&router, &load.counts);
}

/// Starts new replicas, sends everything to them, drains and stops the old ones.
async fn roll_out(router: &Router, old: Vec<Backend>, number: usize) -> Vec<Backend> {
    let new = start(number).await;
    install(router, [route("web", &addresses(&new))]);
    let limits = DrainLimits {
        requests: Duration::from_secs(30),
        streams: Duration::ZERO,
    };
    for replica in old {
        let Drained { requests_left, .. } = router.drain(replica.address, limits).await;
        assert_eq!(requests_left, 0);
        replica.stop().await;
    }
    // Some time in which nothing changes.
    sleep(Duration::from_millis(200)).await;
    new
}

async fn start(number: usize) -> Vec<Backend> {
    vec![
        Backend::start(&format!("{number}a")).await,
        Backend::start(&format!("{number}b")).await,
    ]
}

fn addresses(replicas: &[Backend]) -> Vec<SocketAddr> {
    replicas.iter().map(|replica| replica.address).collect()
}

/// Every caller would have panicked at an error. The router has seen none either.
fn check(router: &Router, counts: &Counts) {
    let count = |counter: &AtomicUsize| counter.load(SeqCst);
    let metrics = &router.metrics().routes["web"];
    let [_, fine, _, client_errors, server_errors] = metrics.responses;
    assert_eq!((client_errors, server_errors), (0, 0), "{metrics:?}");
    assert_eq!(metrics.connect_failed, 0, "{metrics:?}");
    assert!(fine >= count(&counts.requests) as u64, "{metrics:?}");
    let (requests, events) = (count(&counts.requests), count(&counts.events));
    let (echoes, uploads) = (count(&counts.echoes), count(&counts.uploads));
    let reopened = count(&counts.reopened);
    assert!(requests > 2000, "{requests} requests");
    assert!(events > 2000, "{events} events");
    assert!(echoes > 2000, "{echoes} echoes");
    assert!(uploads > UPLOADS, "{uploads} uploads");
    assert!(reopened > STREAMS * ROLLOUTS, "{reopened} reopened");
}

impl Load {
    /// Requests on a connection that is kept, every other one with a body.
    async fn call(self, number: u32) {
        sleep(PAUSE / CALLERS * number).await;
        let mut client = Client::connect(self.router).await;
        let mut ticks = interval(PAUSE);
        for number in 0.. {
            ticks.tick().await;
            if self.stop.is_cancelled() {
                return;
            }
            if number % 2 == 0 {
                let answer = client.get("web.localhost", "/").await;
                assert_eq!(answer.status, 200, "{answer:?}");
            } else {
                client
                    .send("POST /sum HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 6\r\n\r\nupload")
                    .await;
                let answer = client.answer().await;
                assert_eq!((answer.status, answer.body.as_str()), (200, "6"));
            }
            self.counts.requests.fetch_add(1, SeqCst);
        }
    }

    /// Reads events until their stream ends, properly, and opens it again.
    async fn read_events(self) {
        while !self.stop.is_cancelled() {
            let mut client = Client::connect(self.router).await;
            client
                .send("GET /events HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
                .await;
            let head = client.head().await;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            while !client.chunk().await.is_empty() {
                self.counts.events.fetch_add(1, SeqCst);
                if self.stop.is_cancelled() {
                    return;
                }
            }
            self.counts.reopened.fetch_add(1, SeqCst);
        }
    }

    /// Sends a word every 50 ms and gets it back, until the application says goodbye; then opens the socket again.
    async fn talk(self) {
        while !self.stop.is_cancelled() {
            let mut client = Client::connect(self.router).await;
            client
                .send("GET /socket HTTP/1.1\r\nHost: web.localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
                .await;
            let head = client.head().await;
            assert!(head.starts_with("HTTP/1.1 101"), "{head}");
            let mut ticks = interval(Duration::from_millis(50));
            while !self.stop.is_cancelled() {
                ticks.tick().await;
                client.send("echo me").await;
                let answer = client.exactly(7).await;
                if answer == b"goodbye" {
                    break;
                }
                assert_eq!(answer, b"echo me");
                self.counts.echoes.fetch_add(1, SeqCst);
            }
            client.stream.shutdown().await.unwrap();
            client.rest().await;
            self.counts.reopened.fetch_add(1, SeqCst);
        }
    }

    /// Uploads slowly, again and again.
    async fn upload(self, length: Duration) {
        const PIECES: u32 = 20;
        const PIECE: [u8; 10_000] = [b'x'; 10_000];
        while !self.stop.is_cancelled() {
            let mut client = Client::connect(self.router).await;
            client
                .send("POST /sum HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 200000\r\n\r\n")
                .await;
            for _ in 0..PIECES {
                client.send(PIECE).await;
                sleep(length / PIECES).await;
            }
            let answer = client.answer().await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "200000"));
            self.counts.uploads.fetch_add(1, SeqCst);
        }
    }
}
