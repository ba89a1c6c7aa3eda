//! `GET /playground/jobs/{id}/events`: the contract's events, in order and resumable.

use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{create, lose, path, refused, server, shown, start, take, taken};
use crate::{
    answer::Call,
    stream::{Message, Messages},
    test_server::TestServer,
};

async fn follow(server: &TestServer, id: &str) -> Messages {
    Messages::of(server.get(&path(id, "/events")).await)
}

fn resume<'a>(server: &'a TestServer, id: &str, after: &str) -> Call<'a> {
    let headers = [("last-event-id", after)];
    server.with_headers(Method::GET, &path(id, "/events"), &headers, "")
}

fn names(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| &*message.event).collect()
}

#[tokio::test]
async fn a_job_is_followed_from_its_creation_to_its_end() {
    let server = server().await;
    let id = create(&server, &json!({"input": 1})).await;
    let mut messages = follow(&server, &id).await;
    start(&server, &id).await;
    let work = take(&server, "worker-1").await;
    let first = messages.next().await.expect("a message");
    assert_eq!(first.event, "jobStart");
    work.started(&server, "one").await;
    assert_eq!(
        messages.next().await.expect("a message").event,
        "pluginStart"
    );
    work.tried(&server, "one", 1).await;
    work.completed(&server, "one", json!({"n": 1})).await;
    work.started(&server, "two").await;
    work.failed(&server, "two", "no such file").await;
    work.finish(&server, false, None).await;
    let rest = messages.rest().await;
    let expected = ["pluginComplete", "pluginStart", "pluginError", "jobError"];
    assert_eq!(names(&rest), expected);
    // A later subscriber gets the same, one that comes back the rest.
    let all = follow(&server, &id).await.rest().await;
    assert_eq!(all.len(), 6);
    assert_eq!((&all[0], &all[2..]), (&first, &rest[..]));
    let seen = all[2].id.expect("an id").to_string();
    let after = Messages::of(resume(&server, &id, &seen).await).rest().await;
    assert_eq!(after, all[3..]);
    let last = all[5].id.expect("an id").to_string();
    // A browser that has seen the end would come again and again.
    assert_eq!(resume(&server, &id, &last).status().await, 204);
    for wrong in ["x", "-1"] {
        let refusal = refused(resume(&server, &id, wrong).await, 400).await;
        assert!(refusal.contains("Last-Event-ID"), "{refusal}");
    }
    let data: Vec<&Value> = all.iter().map(|message| &message.data).collect();
    assert_snapshot!("events", format!("{:#}", json!(data)));
}

#[tokio::test]
async fn a_job_starts_once_however_many_attempts_it_takes() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    work.started(&server, "one").await;
    work.completed(&server, "one", json!({"n": 1})).await;
    work.started(&server, "two").await;
    lose(&server).await;
    let work = take(&server, "worker-1").await;
    work.started(&server, "two").await;
    work.completed(&server, "two", json!({"n": 2})).await;
    work.finish(&server, true, None).await;
    let all = follow(&server, &work.id).await.rest().await;
    let expected = [
        "jobStart",
        "pluginStart",
        "pluginComplete",
        "pluginStart",
        "pluginStart",
        "pluginComplete",
        "jobComplete",
    ];
    assert_eq!(names(&all), expected);
    let end = &all[6].data["data"];
    assert_eq!(end["job"], shown(&server, &work.id).await);
    assert_eq!(end["jobId"], work.id.as_str());
    // Each shows the job as it was then.
    for (place, completed) in [
        (0, json!([])),
        (1, json!([])),
        (3, json!(["one"])),
        (4, json!(["one"])),
    ] {
        let progress = &all[place].data["data"]["job"]["progress"];
        assert_eq!(progress["completedPlugins"], completed, "{place}");
        assert_eq!(progress["status"], "running");
    }
}

#[tokio::test]
async fn debug_adds_times_and_logs() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1, "debug": true})).await;
    work.failed(&server, "one", "no").await;
    work.finish(&server, false, None).await;
    let all = follow(&server, &work.id).await.rest().await;
    let failed = &all[1].data["data"];
    assert_eq!(failed["error"], json!({"message": "no"}));
    assert_eq!(failed["tookMs"], 5);
    assert_eq!(failed["logs"], json!([{"level": "warn", "message": "odd"}]));
}

#[tokio::test]
async fn a_cancelled_job_ends_its_stream() {
    let server = server().await;
    let id = create(&server, &json!({"input": 1})).await;
    let messages = follow(&server, &id).await;
    server
        .post(&path(&id, "/cancel"), &json!(null))
        .json(200)
        .await;
    let all = messages.rest().await;
    assert_eq!(names(&all), ["jobError"]);
    let data = &all[0].data["data"];
    assert_eq!(data["error"]["message"], "the job was cancelled");
    assert_eq!(data["job"]["progress"]["cancelled"], true);
    // One that is deleted before it started ends as well.
    let id = create(&server, &json!({"input": 1})).await;
    let messages = follow(&server, &id).await;
    server.delete(&path(&id, "")).json(200).await;
    let all = messages.rest().await;
    assert_eq!(names(&all), ["jobError"]);
    assert!(all[0].data["data"].get("job").is_none());
}

#[tokio::test]
async fn what_is_long_stands_in_the_job_only() {
    let server = server().await;
    let long = "x".repeat(70_000);
    let work = taken(&server, &json!({"input": long, "debug": true})).await;
    work.completed(&server, "one", json!({"text": long})).await;
    work.finish(&server, true, None).await;
    let all = follow(&server, &work.id).await.rest().await;
    assert_eq!(names(&all), ["jobStart", "pluginComplete", "jobComplete"]);
    for message in &all {
        assert!(message.data.to_string().len() < 5_000, "{}", message.event);
        assert!(message.data["data"]["job"]["config"]["input"].is_null());
    }
    let job = shown(&server, &work.id).await;
    assert_eq!(job["config"]["input"], long.as_str());
    assert_eq!(job["result"]["metrics"][0]["one"]["text"], long.as_str());
}
