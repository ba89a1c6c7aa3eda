//! Which plugins a job has, and creations that are repeated.

use http::Method;
use serde_json::{Value, json};

use super::{JOBS, create, plugin, refused, register, server, shown};
use crate::{answer::Call, test_server::TestServer};

async fn plugins(server: &TestServer, body: &Value) -> Value {
    let id = create(server, body).await;
    shown(server, &id).await["config"]["plugins"].clone()
}

#[tokio::test]
async fn plugins_are_chosen_and_ordered() {
    let server = server().await;
    let all = json!({"input": 1, "plugins": null});
    assert_eq!(plugins(&server, &all).await, json!(["one", "two"]));
    let turned = json!({"input": 1, "plugins": ["two", "one"]});
    assert_eq!(plugins(&server, &turned).await, json!(["two", "one"]));
    let mut disabled = plugin("off", 0);
    disabled["enabled"] = json!(false);
    let broken = json!({"name": "broken", "enabled": true, "error": "no artefact"});
    let first = [
        plugin("b", 5),
        plugin("a", 5),
        plugin("one", 9),
        disabled,
        broken,
    ];
    register(&server, "worker-1", &first).await;
    let all = json!({"input": 1});
    assert_eq!(plugins(&server, &all).await, json!(["a", "b", "one"]));
    let off = json!({"input": 1, "plugins": ["off", "a"]});
    assert_eq!(plugins(&server, &off).await, json!(["off", "a"]));
    for (named, error) in [
        (
            json!(["two"]),
            "plugins: unknown plugin `two`; known are a, b, off, one",
        ),
        (
            json!(["a", "broken"]),
            "plugins: `broken` is broken: no artefact",
        ),
        (json!(["a", "b", "a"]), "plugins: `a` stands there twice"),
        (
            json!([]),
            "plugins must name at least one; left out, it stands for all",
        ),
    ] {
        let answer = server
            .post(JOBS, &json!({"input": 1, "plugins": named}))
            .await;
        assert_eq!(refused(answer, 400).await, error);
    }
}

#[tokio::test]
async fn plugins_that_no_executor_has_together() {
    let server = server().await;
    register(&server, "worker-2", &[plugin("three", 3)]).await;
    let together = "plugins: no executor has all of them; name some that one executor has";
    let named = json!({"input": 1, "plugins": ["one", "three"]});
    assert_eq!(
        refused(server.post(JOBS, &named).await, 400).await,
        together
    );
    // One that names none gets what the executor has that has most.
    let all = plugins(&server, &json!({"input": 1})).await;
    assert_eq!(all, json!(["one", "two"]));
    let three = json!({"input": 1, "plugins": ["three"]});
    assert_eq!(plugins(&server, &three).await, json!(["three"]));
    // An executor that was not heard of for long has nothing to offer.
    server.clock.advance_ms(600_000);
    let none = "plugins: unknown plugin `three`; there are none: an executor with plugins must be \
                running";
    assert_eq!(refused(server.post(JOBS, &three).await, 400).await, none);
}

#[tokio::test]
async fn a_job_has_no_more_plugins_than_a_queue_can_name() {
    let server = TestServer::open().await;
    let many: Vec<Value> = (0..33).map(|n| plugin(&format!("{n:060}"), n)).collect();
    register(&server, "worker-1", &many).await;
    let names: Vec<&Value> = many.iter().map(|plugin| &plugin["name"]).collect();
    let named = json!({"input": 1, "plugins": names});
    let message = refused(server.post(JOBS, &named).await, 400).await;
    assert_eq!(message, "plugins: a job has at most 32 plugins");
    let first = plugins(&server, &json!({"input": 1})).await;
    assert_eq!(first, json!(names[..32]));
    let id = create(&server, &json!({"input": 1})).await;
    super::start(&server, &id).await;
    assert_eq!(super::take(&server, "worker-1").await.id, id);
}

fn with_key<'a>(server: &'a TestServer, path: &str, key: &str, body: &Value) -> Call<'a> {
    let headers = [("idempotency-key", key)];
    server.with_headers(Method::POST, path, &headers, &body.to_string())
}

#[tokio::test]
async fn the_same_key_and_body_are_one_job() {
    let server = server().await;
    let body = json!({"input": 1});
    let first = with_key(&server, JOBS, "k", &body).json(200).await;
    server.clock.advance_ms(5_000);
    let id = first["id"].as_str().expect("an id");
    super::start(&server, id).await;
    let again = with_key(&server, JOBS, "k", &body).json(200).await;
    assert_eq!(&again["id"], &first["id"]);
    assert_eq!(&again["createdAt"], &first["createdAt"]);
    let other = with_key(&server, JOBS, "k", &json!({"input": 2})).await;
    assert!(refused(other, 400).await.starts_with("Idempotency-Key: "));
    assert!(
        refused(with_key(&server, JOBS, " ", &body).await, 400)
            .await
            .contains("Idempotency-Key")
    );
    assert_eq!(
        server.get(JOBS).json(200).await.as_array().map(Vec::len),
        Some(1)
    );
    // A repetition is answered whatever has become of the executors' plugins.
    register(&server, "worker-1", &[]).await;
    let again = with_key(&server, JOBS, "k", &body).json(200).await;
    assert_eq!(again["id"], first["id"]);
    refused(with_key(&server, JOBS, "l", &body).await, 400).await;
    // A job of the other contract may have the same key.
    with_key(&server, "/api/v1/jobs", "k", &crate::test_server::example())
        .json(201)
        .await;
}
