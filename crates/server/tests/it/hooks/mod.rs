//! Webhooks: the API, and deliveries to real receivers on loopback.

mod api;
mod deliveries;
mod failures;
mod limits;
mod of_jobs;
pub(crate) mod receiver;
mod restart;
mod retries;
mod ssrf_filter;

use http::Method;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Call},
    test_server::{TestServer, bare, example},
};
use receiver::Receiver;

/// A server that may call this machine.
async fn server() -> TestServer {
    TestServer::with(allow_loopback).await
}

pub(crate) fn allow_loopback(settings: &mut server::Settings) {
    settings.allowed_outbound = vec!["127.0.0.0/8".parse().expect("a network")];
}

/// Makes a hook for these types and answers it.
async fn hook(server: &TestServer, receiver: &Receiver, events: &[&str]) -> Value {
    let body = json!({"url": receiver.url("/hook"), "events": events});
    server.post("/api/hooks", &body).json(201).await
}

fn id(hook: &Value) -> &str {
    hook["id"].as_str().expect("an id")
}

async fn shown(server: &TestServer, hook: &Value) -> Value {
    server
        .get(&format!("/api/hooks/{}", id(hook)))
        .json(200)
        .await
}

/// The hook's deliveries, oldest first.
async fn deliveries(server: &TestServer, hook: &Value) -> Vec<Value> {
    let path = format!("/api/hooks/{}/deliveries", id(hook));
    let page = server.get(&path).json(200).await;
    page.as_array()
        .expect("a page")
        .iter()
        .rev()
        .cloned()
        .collect()
}

fn patch<'a>(server: &'a TestServer, hook: &Value, body: &Value) -> Call<'a> {
    let path = format!("/api/hooks/{}", id(hook));
    server.send(Method::PATCH, &path, body.to_string())
}

async fn deliver(server: &TestServer) -> usize {
    server.server.deliver().await.expect("a tick")
}

/// A job from its submit to its completion.
async fn complete(server: &TestServer) -> String {
    let job = server.submit(&example()).await;
    server.claim("worker-1").await;
    end(server, &job, "complete").await;
    job
}

async fn end(server: &TestServer, job: &str, verb: &str) {
    let path = format!("/api/v1/jobs/{job}/{verb}");
    server.put(&path, &bare("worker-1")).json(200).await;
}

/// A refusal, which must be problem+json; answers what it says.
async fn refused(answer: Answer, status: u16) -> String {
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let body = answer.json(status).await;
    assert_eq!(body["status"], status);
    body["detail"].as_str().expect("a detail").to_owned()
}
