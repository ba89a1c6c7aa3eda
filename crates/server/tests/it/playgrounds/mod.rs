//! The contract of playgrounds, and the protocol with the executors that perform their operations.

mod bodies;
mod changes;
mod destroys;
mod jobs;
mod life;
mod logs;
mod lost;
mod playrooms;
mod playspecs;
mod refusals;
mod secrets;
mod whole;

use http::Method;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Call},
    test_server::TestServer,
};

pub(crate) const COMPOSE: &str = "\
services:
  web:
    image: example/web:1
    ports: ['3000']
    labels:
      playgrounds.expose: external:3000
  db:
    image: postgres:17
";

/// What an executor reports of its Docker engine.
pub(crate) fn registration(engine: &str) -> Value {
    json!({"slots": 4, "version": "1.0.0", "isolation": "none", "kinds": ["operation"],
        "playrooms": [{"name": "local", "engine_id": engine, "engine_version": "28.0.4",
            "compose_version": "2.40.3", "platform": "linux/amd64",
            "router": {"scheme": "http", "port": 8081, "root_domain": "localhost"}}]})
}

/// An executor that reaches the Docker engine of playroom `local`.
pub(crate) async fn register(server: &TestServer, name: &str) {
    let path = format!("/api/executors/{name}");
    server.put(&path, &registration("engine-1")).json(200).await;
}

/// A playspec of the example, and its id.
pub(crate) async fn playspec(server: &TestServer) -> i64 {
    let body = json!({"playspec": {"name": "My Web Stack", "base_compose_yaml": COMPOSE}});
    let made = server.post("/api/playspecs", &body).json(201).await;
    made["id"].as_i64().expect("an id")
}

/// A playground of the example, with other or more fields; answers it as it was made.
pub(crate) async fn make(server: &TestServer, fields: &Value) -> Value {
    let spec = playspec(server).await;
    server
        .post("/api/playgrounds", &new(spec, fields))
        .json(201)
        .await
}

pub(crate) fn new(playspec: i64, fields: &Value) -> Value {
    let mut playground = json!({"name": "feature-auth", "playspec_id": playspec});
    for (name, value) in fields.as_object().expect("an object") {
        playground[name] = value.clone();
    }
    json!({"playground": playground})
}

/// One that runs.
pub(crate) async fn running(fields: &Value) -> TestServer {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    make(&server, fields).await;
    perform(&server, &applied("1")).await;
    server
}

pub(crate) async fn get(server: &TestServer, path: &str) -> Value {
    server
        .get(&format!("/api/playgrounds/{path}"))
        .json(200)
        .await
}

pub(crate) fn ask<'a>(server: &'a TestServer, path: &str) -> Call<'a> {
    server.send(Method::POST, &format!("/api/playgrounds/{path}"), "")
}

/// The executor claims an operation; there must be one.
pub(crate) async fn claim(server: &TestServer) -> Value {
    let run = claim_as(server, "docker-1").await;
    assert!(run.is_object(), "no operation is ready");
    run
}

/// The same as this executor; `null` when there is none.
pub(crate) async fn claim_as(server: &TestServer, executor: &str) -> Value {
    let body = json!({"claim": {"kinds": ["operation"], "max": 1}});
    let path = format!("/api/executors/{executor}/exchange");
    server.post(&path, &body).json(200).await["runs"][0].clone()
}

fn of_run(run: &Value, what: &str) -> String {
    format!("/api/runs/{}/{what}", run["id"].as_str().expect("an id"))
}

/// What the lease's owner says, with more fields.
pub(crate) fn owned(run: &Value, fields: &Value) -> Value {
    let mut body = json!({"executor": "docker-1", "token": run["token"]});
    for (name, value) in fields.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// Reports phases: number, name, stage.
pub(crate) async fn phases(server: &TestServer, run: &Value, phases: &[(i64, &str, &str)]) {
    let parts = phases.iter().map(
        |(number, name, stage)| json!({"number": number, "name": name, "stage": stage, "tries": 1}),
    );
    let parts: Vec<Value> = parts.collect();
    let body = owned(run, &json!({"parts": parts}));
    server.post(&of_run(run, "parts"), &body).json(200).await;
}

pub(crate) async fn report(server: &TestServer, run: &Value, outcome: &Value) {
    let body = owned(run, &json!({"outcome": outcome}));
    let answer: Answer = server.put(&of_run(run, "outcome"), &body).await;
    let status = answer.status;
    assert_eq!(status, 204, "{}", answer.text().await);
}

pub(crate) async fn finish(server: &TestServer, run: &Value, outcome: &str, error: Option<&str>) {
    let result = json!({"run_id": run["id"], "token": run["token"], "outcome": outcome,
        "error_message": error});
    let body = json!({"results": [result]});
    let answer = server
        .post("/api/executors/docker-1/exchange", &body)
        .json(200)
        .await;
    assert_eq!(answer["results"][0]["accepted"], true, "{answer}");
}

/// Performs the operation that is ready, which leaves this; answers it.
pub(crate) async fn perform(server: &TestServer, outcome: &Value) -> Value {
    let run = claim(server).await;
    phases(server, &run, &[(1, "compose_up", "started")]).await;
    phases(server, &run, &[(1, "compose_up", "completed")]).await;
    report(server, &run, outcome).await;
    finish(server, &run, "completed", None).await;
    run
}

pub(crate) fn service(name: &str, status: &str) -> Value {
    json!({"name": name, "status": status, "running": status == "running", "health": null})
}

/// What an operation leaves that applied something; `image` tells it from others.
pub(crate) fn applied(image: &str) -> Value {
    json!({
        "applied": true,
        "compose_yaml": format!("services:\n  web:\n    image: example/web:{image}\n    environment:\n      \
            MODE: dev\n      API_TOKEN: planted-token\n"),
        "services": [
            {"name": "web", "status": "running", "health": "healthy", "running": true},
            service("db", "running")],
        "urls": [{"name": "web", "type": "http", "url": "http://web.localhost:8081",
            "visibility": "external", "auth_required": false}],
        "routes": {"web": "172.30.0.2:3000"},
        "environment": {
            "merged": {"MODE": "dev", "API_TOKEN": "planted-token", "PLAYGROUND_ID": "1"},
            "metadata": {
                "MODE": {"value": "dev", "source": "default"},
                "API_TOKEN": {"value": "planted-token", "source": "override"},
                "PLAYGROUND_ID": {"value": "1", "source": "system"}},
            "system_keys": ["PLAYGROUND_ID"],
            "generated_keys": []},
        "images": {"web": format!("sha256:web-{image}"), "db": "sha256:db"},
    })
}

/// What a destroy leaves.
pub(crate) fn removed() -> Value {
    json!({"removed": true, "services": []})
}
