//! A server without TCP and without loops, with a clock that the test moves and ids that
//! count.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use axum::body::Body;
use engine::RunId;
use http::{Method, Request};
use serde_json::{Value, json};
use server::{Assembled, Clock, Settings, Source};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{
    answer::{Answer, Call},
    database,
    stream::DEADLINE,
};

/// The contract's own example time, `2024-01-01T12:00:00Z`.
pub(crate) const NOON_MS: i64 = 1_704_110_400_000;

/// A hash that is well formed.
pub(crate) const SHA256: &str = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";

/// Time and ids as the test wants them. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct FixedClock {
    now_ms: Arc<AtomicI64>,
    ids: Arc<AtomicU64>,
}

impl FixedClock {
    pub(crate) fn new() -> Self {
        Self {
            now_ms: Arc::new(AtomicI64::new(NOON_MS)),
            ids: Arc::new(AtomicU64::new(0)),
        }
    }

    pub(crate) fn advance_ms(&self, by: i64) {
        self.now_ms.fetch_add(by, Ordering::SeqCst);
    }
}

impl Source for FixedClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn run_id(&self) -> RunId {
        counted_id(self.now_ms(), self.ids.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// A UUID of version 7 whose random part is a number.
pub(crate) fn counted_id(now_ms: i64, number: u64) -> RunId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&now_ms.to_be_bytes()[2..]);
    bytes[6] = 0x70;
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes[8] |= 0x80;
    RunId::from_bytes(bytes)
}

/// One server with its directory and clock.
pub(crate) struct TestServer {
    pub(crate) clock: FixedClock,
    pub(crate) server: Assembled,
    dir: TempDir,
}

impl TestServer {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with other settings than the defaults.
    pub(crate) async fn with(set: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut settings = Settings::new(dir.path().join("data"));
        // A waiting call is woken, or waits longer than a test does.
        settings.look_every = DEADLINE;
        set(&mut settings);
        settings.database_url = database::url(&settings.data_dir);
        let clock = FixedClock::new();
        let server = Assembled::open(settings, Clock::new(clock.clone()))
            .await
            .expect("the server opens");
        Self { clock, server, dir }
    }

    /// The same directory and clock with another server.
    pub(crate) async fn reopened<F: Future<Output = Assembled>>(
        self,
        open: impl FnOnce(Assembled) -> F,
    ) -> Self {
        let Self { clock, server, dir } = self;
        let server = open(server).await;
        Self { clock, server, dir }
    }

    /// The directory, beside the server's own.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Sends a request that is complete but for its Host.
    pub(crate) fn request(&self, mut request: Request<Body>) -> Call<'_> {
        let host = "localhost".parse().expect("a header value");
        request.headers_mut().entry("host").or_insert(host);
        Call::new(async move {
            let Ok(response) = self.server.router().oneshot(request).await;
            Answer::new(response)
        })
    }

    /// Sends bytes.
    pub(crate) fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Call<'_> {
        let request = Request::builder().method(method).uri(path);
        self.request(request.body(body.into()).expect("a request"))
    }

    /// Sends a text with these headers.
    pub(crate) fn with_headers(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Call<'_> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.request(request.body(body.to_owned().into()).expect("a request"))
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.send(Method::GET, path, Body::empty())
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.send(Method::DELETE, path, Body::empty())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call<'_> {
        self.send(Method::POST, path, body.to_string())
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Call<'_> {
        self.send(Method::PUT, path, body.to_string())
    }

    /// PUTs to an operation of a job.
    pub(crate) fn put_job(&self, id: &str, operation: &str, body: &Value) -> Call<'_> {
        self.put(&format!("/api/v1/jobs/{id}/{operation}"), body)
    }

    /// POSTs to an operation of a job.
    pub(crate) fn post_job(&self, id: &str, operation: &str, body: &Value) -> Call<'_> {
        self.post(&format!("/api/v1/jobs/{id}/{operation}"), body)
    }

    /// Submits a job and answers its id.
    pub(crate) async fn submit(&self, job: &Value) -> String {
        let answer = self.post("/api/v1/jobs", job).json(201).await;
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Submits the example with other or more fields.
    pub(crate) async fn submit_with(&self, fields: &Value) -> String {
        self.submit(&example_with(fields)).await
    }

    /// Claims one job as an executor that knows only the contract, and answers it.
    pub(crate) async fn claim(&self, executor: &str) -> Value {
        self.post("/api/v1/jobs/claim", &bare(executor))
            .json(200)
            .await
    }

    /// Releases a run whose lease the executor says that it owns.
    pub(crate) async fn release(&self, id: &str, executor: &str, token: &Value) -> Answer {
        let release = json!({"executor": executor, "token": token});
        self.post(&format!("/api/runs/{id}/release"), &release)
            .await
    }

    /// The job as it is now.
    pub(crate) async fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/jobs/{id}")).json(200).await
    }

    /// The job as a snapshot shows it.
    pub(crate) async fn job_shown(&self, id: &str) -> String {
        self.get(&format!("/api/v1/jobs/{id}")).shown().await
    }

    /// Cancels a job and answers it.
    pub(crate) async fn cancel(&self, id: &str) -> Value {
        self.delete(&format!("/api/v1/jobs/{id}")).json(200).await
    }

    /// Retries a job and answers it.
    pub(crate) async fn retry(&self, id: &str) -> Value {
        let path = format!("/api/v1/jobs/{id}/retry");
        self.post(&path, &json!(null)).json(200).await
    }

    /// Claims, and finds no job.
    #[track_caller]
    pub(crate) fn claims_nothing(&self, executor: &str) -> impl Future<Output = ()> {
        let (caller, claim) = (std::panic::Location::caller(), bare(executor));
        async move {
            let status = self.post("/api/v1/jobs/claim", &claim).status().await;
            assert_eq!(status, 204, "at {caller}");
        }
    }

    /// Takes away leases that have expired; answers how many.
    pub(crate) async fn reap(&self) -> usize {
        self.server.reap().await.expect("a tick")
    }

    /// Queues what is due; answers when the next is.
    pub(crate) async fn schedule(&self) -> Option<i64> {
        self.server.schedule().await.expect("a tick")
    }

    /// A job's status, as it is now.
    pub(crate) async fn status(&self, id: &str) -> String {
        let job = self.job(id).await;
        job["status"].as_str().expect("a status").to_owned()
    }

    pub(crate) async fn stats(&self) -> Value {
        self.get("/api/v1/admin/stats").json(200).await
    }
}

/// The contract's claim body.
pub(crate) fn bare(executor: &str) -> Value {
    json!({"executor_id": executor, "executor_ip": "192.0.2.7"})
}

/// The contract's example job.
pub(crate) fn example() -> Value {
    json!({
        "type": "data-processing",
        "binary_url": "https://example.com/binary",
        "binary_sha256": SHA256,
        "arguments": ["arg1", "arg2"],
        "env_variables": {"KEY1": "value1", "KEY2": "value2"},
        "priority": "background",
    })
}

/// The example with other or more fields.
pub(crate) fn example_with(fields: &Value) -> Value {
    let mut job = example();
    for (name, value) in fields.as_object().expect("an object of fields") {
        job[name] = value.clone();
    }
    job
}

/// The smallest job that the contract allows.
pub(crate) fn smallest() -> Value {
    json!({
        "type": "small",
        "binary_url": "https://example.com/binary",
        "binary_sha256": SHA256,
        "priority": "background",
    })
}
