//! `/api/runs`: runs of every kind, what the caller may see of them and ask of them.

mod control;
mod list;
mod logs;
mod scopes;

use serde_json::{Value, json};

use crate::{
    plugin_jobs::{plugin, register},
    test_server::TestServer,
};

/// A server with a labelled job, a plugin job that is not started, and a job that an executor performs.
async fn filled() -> (TestServer, [String; 3]) {
    let server = TestServer::open().await;
    let labelled = json!({"type": "Nightly", "labels": {"team": "data", "stage": "Test"}});
    let labelled = server.submit_with(&labelled).await;
    server.clock.advance_ms(1_000);
    register(&server, "worker-1", &[plugin("one", 1)]).await;
    let plugins = json!({"input": {"text": "a"}, "plugins": ["one"]});
    let plugins = server.post("/playground/jobs", &plugins).await;
    let plugins = text(&plugins.json(200).await["id"]);
    server.clock.advance_ms(1_000);
    let running = json!({"type": "report", "priority": "foreground", "labels": {"team": "data"}});
    let running = server.submit_with(&running).await;
    server.claim("worker-1").await;
    (server, [labelled, plugins, running])
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// What a problem says.
fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().expect("a detail")
}
