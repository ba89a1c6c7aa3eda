//! Whatever is wrong is answered in the contract's form, and changes nothing.

use std::fmt::Write;

use engine::Kind;
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{DEEPEST, JOBS, create, nested, path, refused, server, shown};
use crate::jobs::claim::submit_unreadable;

#[tokio::test]
async fn bodies_that_are_no_job() {
    let server = server().await;
    let with = |fields: Value| {
        let mut body = json!({"input": 1});
        for (name, value) in fields.as_object().expect("fields") {
            body[name] = value.clone();
        }
        body.to_string()
    };
    let mut table = String::new();
    for body in [
        String::new(),
        "{".to_owned(),
        "nonsense".to_owned(),
        "[1]".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        r#"{"input": 1, "input": 2}"#.to_owned(),
        r#"{"input": 1} {"#.to_owned(),
        r#"{"input": 1e999}"#.to_owned(),
        r#"{"input": "\ud800"}"#.to_owned(),
        with(json!({"timeout": 0})),
        with(json!({"timeout": -1})),
        with(json!({"timeout": 1.5})),
        with(json!({"timeout": "1000"})),
        with(json!({"timeout": 604_800_001})),
        with(json!({"retries": 101})),
        with(json!({"retries": -1})),
        with(json!({"retries": true})),
        with(json!({"plugins": "one"})),
        with(json!({"plugins": [1]})),
        with(json!({"plugins": [""]})),
        with(json!({"plugins": ["one", "three"]})),
        with(json!({"plugins": ["\u{0}x,y:z"]})),
        with(json!({"plugins": {}})),
        with(json!({"debug": "yes"})),
    ] {
        let answer = server.send(Method::POST, JOBS, body.clone()).await;
        let _ = writeln!(table, "{body}\n    {}", refused(answer, 400).await);
    }
    for levels in [DEEPEST + 1, 200, 100_000] {
        let deep = format!("{{\"input\": {}}}", nested(levels));
        let answer = server.send(Method::POST, JOBS, deep).await;
        assert!(refused(answer, 400).await.contains("nested deeper"));
    }
    let long = format!("{{\"input\": \"{}\"}}", "x".repeat(16 << 20));
    let answer = server.send(Method::POST, JOBS, long).await;
    assert!(refused(answer, 413).await.contains("larger than"));
    assert_snapshot!(table);
    assert_eq!(server.get(JOBS).json(200).await, json!([]));
}

#[tokio::test]
async fn unknown_fields_and_missing_values_do_not_matter() {
    let server = server().await;
    let body = json!({"input": null, "timeout": null, "retries": null, "plugins": null,
        "debug": null, "webhook": null, "async": true, "another's own": [1]});
    let id = create(&server, &body).await;
    let config = &shown(&server, &id).await["config"];
    let expected = json!({"input": null, "timeout": 300_000, "retries": 3,
        "plugins": ["one", "two"], "debug": false, "skipUnfit": true});
    assert_eq!(config, &expected);
}

#[tokio::test]
async fn ids_that_name_no_job() {
    let server = server().await;
    let plain = "018cc4e5220070008000000000000001";
    for id in [
        "018cc4e5-2200-7000-8000-00000000ffff",
        "1",
        plain,
        "%00",
        "%FF",
        "..%2f",
        "a%20b",
    ] {
        for rest in ["", "/progress", "/events"] {
            assert_eq!(
                refused(server.get(&path(id, rest)).await, 404).await,
                "job not found",
                "{id}"
            );
        }
        for rest in ["/start", "/start?wait=1", "/cancel"] {
            refused(server.post(&path(id, rest), &json!(null)).await, 404).await;
        }
        refused(server.delete(&path(id, "")).await, 404).await;
    }
}

#[tokio::test]
async fn routes_and_methods_that_are_none() {
    let server = server().await;
    let id = create(&server, &json!({"input": 1})).await;
    for route in [
        path(&id, "/stop"),
        path(&id, "/progress/x"),
        "/playground/nothing".to_owned(),
        "/playground".to_owned(),
        format!("{JOBS}//"),
    ] {
        assert_eq!(
            refused(server.get(&route).await, 404).await,
            "no such route",
            "{route}"
        );
    }
    for (method, route) in [
        (Method::PUT, JOBS.to_owned()),
        (Method::PATCH, path(&id, "")),
        (Method::POST, path(&id, "")),
        (Method::GET, path(&id, "/start")),
        (Method::DELETE, path(&id, "/progress")),
        (Method::POST, path(&id, "/events")),
        (Method::GET, path(&id, "/cancel")),
        (Method::DELETE, "/playground/plugins".to_owned()),
    ] {
        let answer = server.send(method.clone(), &route, "").await;
        assert!(answer.headers.contains_key("allow"), "{method} {route}");
        let message = format!("{method} is not allowed here");
        assert_eq!(refused(answer, 405).await, message, "{route}");
    }
}

#[tokio::test]
async fn what_is_the_servers_own_fault_is_a_500() {
    let server = server().await;
    let bad = submit_unreadable(&server, Kind::PluginJob).await;
    for rest in ["", "/progress"] {
        let answer = server.get(&path(&bad, rest)).await;
        assert_eq!(refused(answer, 500).await, "internal error");
    }
    for rest in ["/start", "/cancel"] {
        let answer = server.post(&path(&bad, rest), &json!(null)).await;
        assert_eq!(refused(answer, 500).await, "internal error");
    }
}
