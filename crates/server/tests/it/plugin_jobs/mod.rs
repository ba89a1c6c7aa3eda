//! The contract of plugin jobs, with an executor that is played over its protocol.

mod bad_input;
mod cancel;
mod claims;
mod contract;
mod create;
mod digits;
mod events;
mod hooks;
mod kinds;
mod list;
mod lost;
mod parts;
mod plugins;
mod skips;
mod start;

use serde_json::{Map, Value, json};

use crate::{
    answer::{Answer, Call},
    test_server::TestServer,
};

const JOBS: &str = "/playground/jobs";
const LEASE_MS: i64 = 30_000;

/// How deep an input and what a plugin leaves may be nested.
const DEEPEST: usize = 99;

/// Lists within lists.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// A plugin that works.
pub(crate) fn plugin(name: &str, order: i64) -> Value {
    json!({"name": name, "version": "1.0.0", "description": format!("Does {name}"),
        "order": order, "enabled": true, "host": "process",
        "metrics": [{"name": "n", "unit": "items", "direction": "higher"}]})
}

pub(crate) async fn register(server: &TestServer, executor: &str, plugins: &[Value]) {
    let body = json!({"slots": 4, "version": "1.0.0", "isolation": "standard",
        "kinds": ["job", "plugin_job"], "plugins": plugins});
    server
        .put(&format!("/api/executors/{executor}"), &body)
        .await
        .json(200)
        .await;
}

/// A server with one executor, `worker-1`, that has the plugins `one` and `two`.
async fn server() -> TestServer {
    with(|_| {}).await
}

async fn with(set: impl FnOnce(&mut server::Settings)) -> TestServer {
    let server = TestServer::with(set).await;
    register(&server, "worker-1", &[plugin("two", 2), plugin("one", 1)]).await;
    server
}

fn path(id: &str, rest: &str) -> String {
    format!("{JOBS}/{id}{rest}")
}

/// Creates a job and answers its id.
async fn create(server: &TestServer, body: &Value) -> String {
    let job = server.post(JOBS, body).json(200).await;
    job["id"].as_str().expect("an id").to_owned()
}

async fn start(server: &TestServer, id: &str) -> Value {
    server
        .post(&path(id, "/start"), &json!(null))
        .json(200)
        .await
}

async fn shown(server: &TestServer, id: &str) -> Value {
    server.get(&path(id, "")).json(200).await
}

async fn progress(server: &TestServer, id: &str) -> Value {
    server.get(&path(id, "/progress")).json(200).await
}

/// Creates and starts a job, and lets `worker-1` take it.
async fn taken(server: &TestServer, body: &Value) -> Work {
    let id = create(server, body).await;
    start(server, &id).await;
    let work = take(server, "worker-1").await;
    assert_eq!(work.id, id);
    work
}

async fn claims(server: &TestServer, executor: &str, body: &Value) -> Vec<Value> {
    let path = format!("/api/executors/{executor}/exchange");
    let body = json!({"claim": body});
    let answer = server.post(&path, &body).json(200).await;
    answer["runs"].as_array().expect("runs").clone()
}

/// What a claim of one plugin job gives, which must be one.
async fn take(server: &TestServer, executor: &str) -> Work {
    let mut runs = claims(server, executor, &json!({"kinds": ["plugin_job"]})).await;
    let run = runs.pop().expect("a plugin job");
    assert_eq!(run["kind"], "plugin_job");
    Work::of(executor, run)
}

/// Lets the lease of a run end.
async fn lose(server: &TestServer) {
    server.clock.advance_ms(LEASE_MS);
    server.reap().await;
}

/// A refusal, which must be the contract's: an `error` that says something, nothing else.
async fn refused(answer: Answer, status: u16) -> String {
    let kind = answer.headers["content-type"].clone();
    assert_eq!(kind, "application/json");
    let body = answer.json(status).await;
    let fields = body.as_object().expect("an object");
    assert_eq!(fields.len(), 1, "{body}");
    let text = body["error"].as_str().expect("an error");
    assert!(!text.is_empty());
    text.to_owned()
}

/// A job whose lease an executor owns, and its state.
struct Work {
    executor: String,
    id: String,
    token: i64,
    lease: Value,
    storage: Map<String, Value>,
    summary: Map<String, Value>,
}

impl Work {
    fn of(executor: &str, lease: Value) -> Self {
        Self {
            executor: executor.to_owned(),
            id: lease["id"].as_str().expect("an id").to_owned(),
            token: lease["token"].as_i64().expect("a token"),
            storage: Map::new(),
            summary: Map::new(),
            lease,
        }
    }

    /// What is reported of a plugin.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write it as a literal"
    )]
    fn part(&self, plugin: &str, stage: &str, tries: u32, body: Value) -> Value {
        let plugins = self.lease["input"]["plugins"].as_array().expect("plugins");
        let place = plugins.iter().position(|name| name == plugin);
        json!({"number": place.expect("a plugin of the job") + 1, "name": plugin, "stage": stage,
            "tries": tries, "body": body})
    }

    fn report(&self, parts: &[Value]) -> Value {
        json!({"executor": self.executor, "token": self.token, "parts": parts,
            "state": {"storage": self.storage, "summary": self.summary}})
    }

    fn send<'a>(&self, server: &'a TestServer, report: &Value) -> Call<'a> {
        server.post(&format!("/api/runs/{}/parts", self.id), report)
    }

    async fn note(&self, server: &TestServer, parts: &[Value]) -> Value {
        self.send(server, &self.report(parts)).json(200).await
    }

    async fn started(&self, server: &TestServer, plugin: &str) -> Value {
        self.tried(server, plugin, 0).await
    }

    /// A try of a plugin begins, after so many failed.
    async fn tried(&self, server: &TestServer, plugin: &str, failed: u32) -> Value {
        let part = self.part(plugin, "started", failed + 1, Value::Null);
        self.note(server, &[part]).await
    }

    async fn completed(&self, server: &TestServer, plugin: &str, metric: Value) {
        let body = json!({"metric": metric, "took_ms": 12});
        let part = self.part(plugin, "completed", 1, body);
        self.note(server, &[part]).await;
    }

    async fn failed(&self, server: &TestServer, plugin: &str, error: &str) {
        let body = json!({"error": error, "took_ms": 5,
            "logs": [{"level": "warn", "message": "odd"}]});
        let part = self.part(plugin, "failed", 4, body);
        self.note(server, &[part]).await;
    }

    async fn finish(&self, server: &TestServer, completed: bool, error: Option<&str>) {
        let outcome = if completed { "completed" } else { "failed" };
        let result = json!({"run_id": self.id, "token": self.token, "outcome": outcome,
            "error_message": error});
        let body = json!({"results": [result]});
        let path = format!("/api/executors/{}/exchange", self.executor);
        let answer = server.post(&path, &body).json(200).await;
        assert_eq!(answer["results"][0]["accepted"], true, "{answer}");
    }

    /// Both plugins, from the first start to the end.
    async fn perform(&self, server: &TestServer) {
        self.started(server, "one").await;
        self.completed(server, "one", json!({"n": 1})).await;
        self.started(server, "two").await;
        self.completed(server, "two", json!({"n": 2})).await;
        self.finish(server, true, None).await;
    }
}
