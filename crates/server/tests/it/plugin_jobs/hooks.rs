//! What a plugin job's own webhook gets, and what hooks of all runs get.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Work, create, lose, path, refused, start, take, with};
use crate::{
    hooks::{allow_loopback, receiver::Receiver},
    test_server::TestServer,
};

async fn hooked(webhook: &Value) -> (TestServer, Work) {
    let server = with(allow_loopback).await;
    let id = create(&server, &json!({"input": 1, "webhook": webhook})).await;
    start(&server, &id).await;
    let work = take(&server, "worker-1").await;
    (server, work)
}

async fn deliver(server: &TestServer) {
    server.server.deliver().await.expect("a tick");
}

#[tokio::test]
async fn a_job_s_own_webhook_is_told_in_the_contract_s_words() {
    let receiver = Receiver::start().await;
    let (server, work) = hooked(&json!(receiver.url("/mine"))).await;
    let all = json!({"url": receiver.url("/all"), "events": ["plugin_job.*"]});
    server.post("/api/hooks", &all).json(201).await;
    work.started(&server, "one").await;
    lose(&server).await;
    let work = take(&server, "worker-1").await;
    work.started(&server, "one").await;
    work.completed(&server, "one", json!({"n": 1})).await;
    work.failed(&server, "two", "no such file").await;
    work.finish(&server, false, None).await;
    deliver(&server).await;
    let received = receiver.received();
    let told = |path: &str| -> Vec<String> {
        let told = received.iter().filter(|one| one.path == path);
        told.map(|one| one.event()).collect()
    };
    let mine = [
        "jobStart",
        "pluginStart",
        "pluginStart",
        "pluginComplete",
        "pluginError",
        "jobError",
    ];
    assert_eq!(told("/mine"), mine);
    // A reader of the job sees what became of them.
    let sent = server.get(&path(&work.id, "/deliveries")).json(200).await;
    assert_eq!(sent.as_array().map(Vec::len), Some(mine.len()));
    let stored = [
        "plugin_started",
        "requeued",
        "started",
        "plugin_started",
        "plugin_completed",
        "plugin_failed",
        "failed",
    ];
    assert_eq!(
        told("/all"),
        stored.map(|word| format!("plugin_job.{word}"))
    );
    let mine: Vec<Value> = received
        .iter()
        .filter(|one| one.path == "/mine")
        .map(|one| one.body())
        .collect();
    assert_eq!(mine[3]["data"]["metrics"], json!({"n": 1}));
    assert_eq!(
        mine[3]["data"]["job"]["progress"]["completedPlugins"],
        json!(["one"])
    );
    assert_snapshot!("delivered_error", format!("{:#}", mine[5]));
}

#[tokio::test]
async fn a_webhook_says_what_it_wants() {
    let receiver = Receiver::start().await;
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let webhook = json!({"url": receiver.url("/"), "on": ["progress", "completed"],
        "headers": {"authorization": "Bearer planted-secret"}, "secret": secret});
    let (server, work) = hooked(&webhook).await;
    work.perform(&server).await;
    deliver(&server).await;
    let expected = [
        "pluginStart",
        "pluginComplete",
        "pluginStart",
        "pluginComplete",
        "jobComplete",
    ];
    assert_eq!(receiver.events(), expected);
    assert_eq!(
        receiver.received()[0].header("authorization"),
        "Bearer planted-secret"
    );
    assert!(
        receiver.received()[0]
            .header("webhook-signature")
            .starts_with("v1,")
    );
    // It is not shown again, nor does an executor see it.
    let mut shown = server.get(&path(&work.id, "")).await.text().await;
    shown += &work.lease.to_string();
    shown += &receiver
        .received()
        .iter()
        .map(|one| &*one.text)
        .collect::<String>();
    for planted in ["planted-secret", "C2FVsBQIhrscChlQIMV", "webhook"] {
        assert!(!shown.contains(planted), "{shown}");
    }
}

#[tokio::test]
async fn a_deleted_job_still_tells_what_it_owes() {
    let receiver = Receiver::start().await;
    let (server, work) = hooked(&json!({"url": receiver.url("/")})).await;
    work.started(&server, "one").await;
    work.failed(&server, "one", "no").await;
    work.finish(&server, false, Some("it failed")).await;
    server.delete(&path(&work.id, "")).json(200).await;
    deliver(&server).await;
    assert_eq!(
        receiver.events(),
        ["jobStart", "pluginStart", "pluginError", "jobError"]
    );
    let bodies: Vec<Value> = receiver.received().iter().map(|one| one.body()).collect();
    assert_eq!(bodies[2]["data"]["error"]["message"], "no");
    assert_eq!(
        bodies[3]["data"],
        json!({"jobId": work.id, "error": {"message": "it failed"}})
    );
}

#[tokio::test]
async fn a_wrong_webhook_makes_no_job() {
    let server = with(allow_loopback).await;
    for (webhook, word) in [
        (json!("nonsense"), "webhook.url"),
        (
            json!({"url": "http://127.0.0.1/", "on": ["finished"]}),
            "webhook.on",
        ),
        (
            json!({"url": "http://127.0.0.1/", "retries": 101}),
            "webhook.retries",
        ),
        (json!(7), "webhook"),
    ] {
        let answer = server
            .post(super::JOBS, &json!({"input": 1, "webhook": webhook}))
            .await;
        let refusal = refused(answer, 400).await;
        assert!(refusal.contains(word), "{webhook}: {refusal}");
    }
    assert_eq!(server.get(super::JOBS).json(200).await, json!([]));
}
