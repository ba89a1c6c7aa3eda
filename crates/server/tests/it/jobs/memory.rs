//! What requests may take of the memory together, and who works on the large ones.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use axum::body::Body;
use bytes::Bytes;
use engine::RunId;
use futures_util::{FutureExt, StreamExt, stream};
use http::Method;
use serde_json::{Value, json};
use server::{Assembled, Clock, Settings, Source};
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::stream::DEADLINE;
use crate::test_server::{FixedClock, TestServer, example, example_with};

/// A job that is no small request.
fn large() -> Value {
    example_with(&json!({"arguments": ["x".repeat(20 * 1024)]}))
}

/// A server whose memory one request of unknown length takes whole.
async fn tight() -> Arc<TestServer> {
    Arc::new(TestServer::with(|settings| settings.request_memory_bytes = 1 << 20).await)
}

/// A submit of which half has arrived: when it has, and what lets the rest come.
fn halting(
    server: &Arc<TestServer>,
) -> (
    tokio::task::JoinHandle<u16>,
    oneshot::Receiver<()>,
    oneshot::Sender<()>,
) {
    let text = large().to_string();
    let (half, rest) = text.split_at(18 * 1024);
    let (half, rest) = (Bytes::from(half.to_owned()), Bytes::from(rest.to_owned()));
    let (arrived, has_arrived) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let rest = async move {
        // A request that asks for more has taken the half.
        arrived.send(()).expect("the test waits");
        may_go_on.await.expect("the test goes on");
        rest
    };
    let body = stream::once(async move { half })
        .chain(rest.into_stream())
        .map(Ok::<_, std::io::Error>);
    let (server, body) = (server.clone(), Body::from_stream(body));
    let call = async move {
        server
            .send(Method::POST, "/api/v1/jobs", body)
            .await
            .status
            .as_u16()
    };
    (tokio::spawn(call), has_arrived, go_on)
}

async fn is_busy(server: &TestServer) {
    let busy = server.post("/api/v1/jobs", &large()).await;
    assert_eq!(busy.headers["retry-after"], "1");
    busy.refused(503).await;
}

#[tokio::test]
async fn who_finds_no_memory_is_told_to_come_again_and_small_requests_pass() {
    let server = tight().await;
    let (first, arrived, go_on) = halting(&server);
    arrived.await.expect("it arrives");
    is_busy(&server).await;
    server.submit(&example()).await;
    server.get("/api/v1/health").json(200).await;
    go_on.send(()).expect("it waits");
    assert_eq!(first.await.expect("no panic"), 201);
    server.submit(&large()).await;
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 3);
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_free_what_is_still_there() {
    let server = tight().await;
    let (first, arrived, go_on) = halting(&server);
    arrived.await.expect("it arrives");
    first.abort();
    assert!(first.await.expect_err("it was aborted").is_cancelled());
    is_busy(&server).await;
    // What has arrived whole is done, although the caller is gone, and only then frees its share.
    go_on.send(()).expect("it waits");
    server.submit(&large()).await;
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 2);
}

#[tokio::test]
async fn there_is_a_bound_on_the_number_of_small_requests_too() {
    let server = tight().await;
    let waiting: Vec<_> = (0..64)
        .map(|number| {
            let claim = json!({"executor_id": format!("e{number}"), "wait_seconds": 60});
            let server = server.clone();
            tokio::spawn(async move { server.post("/api/v1/jobs/claim", &claim).await.status })
        })
        .collect();
    let all_wait = async {
        loop {
            let seen = server.get("/api/v1/admin/executors").json(200).await;
            if seen.as_array().map(Vec::len) == Some(64) {
                break;
            }
        }
    };
    let all_wait = tokio::time::timeout(DEADLINE, all_wait).await;
    all_wait.expect("64 wait");
    let busy = server.post("/api/v1/jobs", &example()).await;
    assert_eq!(busy.headers["retry-after"], "1");
    busy.refused(503).await;
    server.get("/api/v1/health").json(200).await;
    for call in waiting {
        call.abort();
        assert!(call.await.expect_err("it was aborted").is_cancelled());
    }
    server.submit(&example()).await;
}

/// Notes the threads on which jobs get their ids, which is while their requests are checked.
#[derive(Clone)]
struct Watched {
    clock: FixedClock,
    threads: Arc<Mutex<Vec<ThreadId>>>,
}

impl Source for Watched {
    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn run_id(&self) -> RunId {
        let threads = self.threads.lock();
        threads.expect("no panic").push(thread::current().id());
        self.clock.run_id()
    }

    fn jitter(&self) -> f64 {
        self.clock.jitter()
    }
}

#[tokio::test]
async fn large_bodies_are_worked_on_where_no_request_waits() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let watched = Watched {
        clock: FixedClock::new(),
        threads: Arc::default(),
    };
    let clock = Clock::new(watched.clone());
    let server = Assembled::open(Settings::new(dir.path().to_owned()), clock).await;
    let router = server.expect("it opens").router();
    let long = example_with(&json!({"arguments": vec!["x".repeat(127 * 1024); 10]}));
    let here = thread::current().id();
    for (path, body, apart) in [
        ("/api/v1/jobs", example(), false),
        ("/api/v1/jobs", large(), false),
        ("/api/v1/jobs", long.clone(), true),
        ("/api/v1/jobs/bulk", json!([example()]), false),
        ("/api/v1/jobs/bulk", json!([long]), true),
    ] {
        let request = http::Request::post(path).header("host", "localhost");
        let request = request.body(Body::from(body.to_string()));
        let Ok(answer) = router.clone().oneshot(request.expect("a request")).await;
        assert_eq!(answer.status(), 201);
        let threads = std::mem::take(&mut *watched.threads.lock().expect("no panic"));
        assert_eq!(threads.len(), 1, "{path}");
        assert_eq!(threads[0] != here, apart, "{path}");
    }
}
