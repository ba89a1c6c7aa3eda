//! What executors register, what is shown of it, and the executor that the server waits for.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{plugin, register, taken};
use crate::test_server::TestServer;

#[tokio::test]
async fn the_plugins_of_all_executors_are_listed() {
    let server = TestServer::open().await;
    let none = server.get("/playground/plugins").json(200).await;
    assert_eq!(none, json!([]));
    let mut broken = plugin("one", 1);
    broken["error"] = json!("no artefact");
    let mut disabled = plugin("off", 0);
    disabled["enabled"] = json!(false);
    register(&server, "worker-1", &[plugin("two", 2), broken, disabled]).await;
    let mut whole = plugin("one", 1);
    whole["input_schema"] = json!({"type": "object"});
    register(&server, "worker-2", &[whole, plugin("two", 2)]).await;
    let answer = server.get("/playground/plugins").await;
    assert_snapshot!("plugins", answer.shown().await);
}

#[tokio::test]
async fn a_registration_is_bounded() {
    let server = TestServer::open().await;
    let with = |fields: Value| {
        let mut one = plugin("one", 1);
        for (name, value) in fields.as_object().expect("fields") {
            one[name] = value.clone();
        }
        json!([one])
    };
    let many: Vec<Value> = (0..257).map(|n| plugin(&format!("p{n}"), n)).collect();
    let metrics: Vec<Value> = (0..101).map(|n| json!({"name": n.to_string()})).collect();
    for (plugins, field) in [
        (json!(many), "plugins"),
        (
            json!([plugin("one", 1), plugin("one", 2)]),
            "plugins[1].name",
        ),
        (with(json!({"name": ""})), "plugins[0].name"),
        (with(json!({"name": "a,b"})), "plugins[0].name"),
        (with(json!({"name": "a:b"})), "plugins[0].name"),
        (with(json!({"name": "a b"})), "plugins[0].name"),
        (with(json!({"name": "\u{e4}"})), "plugins[0].name"),
        (with(json!({"name": "x".repeat(65)})), "plugins[0].name"),
        (with(json!({"version": "\n"})), "plugins[0].version"),
        (
            with(json!({"description": "x".repeat(4097)})),
            "plugins[0].description",
        ),
        (with(json!({"error": "x".repeat(4097)})), "plugins[0].error"),
        (with(json!({"metrics": metrics})), "plugins[0].metrics"),
        (
            with(json!({"metrics": [{"name": ""}]})),
            "plugins[0].metrics",
        ),
        (
            with(json!({"input_schema": ["x".repeat(64 * 1024)]})),
            "plugins[0].input_schema",
        ),
        (with(json!({"host": "docker"})), "plugins[0].host"),
        (with(json!({"order": "first"})), "plugins[0].order"),
        (json!([{}]), "plugins[0].name"),
    ] {
        let body = json!({"slots": 1, "version": "1", "isolation": "none", "plugins": plugins});
        let answer = server.put("/api/executors/worker-1", &body).await;
        let detail = answer.problem(400).await;
        assert!(detail.contains(field), "{detail}");
    }
    let body = json!({"slots": 1, "version": "x".repeat(1 << 20), "isolation": "none"});
    server
        .put("/api/executors/worker-1", &body)
        .problem(413)
        .await;
    assert_eq!(server.get("/playground/plugins").json(200).await, json!([]));
    // The smallest that is one.
    let body = json!({"slots": 1, "version": "1", "isolation": "none", "plugins": [{"name": "x"}]});
    server.put("/api/executors/worker-1", &body).json(200).await;
}

#[tokio::test]
async fn as_many_plugins_as_a_job_may_have_with_the_longest_names_are_one_job() {
    let server = TestServer::open().await;
    let names: Vec<String> = (10..42).map(|n| format!("{n}{}", "x".repeat(62))).collect();
    let plugins: Vec<Value> = names.iter().map(|name| plugin(name, 1)).collect();
    register(&server, "worker-1", &plugins).await;
    let work = taken(&server, &json!({"input": 1})).await;
    assert_eq!(work.lease["input"]["plugins"], json!(names));
}

#[tokio::test]
async fn a_server_is_ready_when_its_executor_is_there() {
    let server =
        TestServer::with(|settings| settings.expected_executor = Some("built-in".to_owned())).await;
    let not = server.get("/readyz").json(503).await;
    assert_eq!(not["detail"], "the built-in executor is not there yet");
    register(&server, "another", &[]).await;
    assert_eq!(server.get("/readyz").await.status, 503);
    register(&server, "built-in", &[]).await;
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(TestServer::open().await.get("/readyz").await.status, 200);
}
