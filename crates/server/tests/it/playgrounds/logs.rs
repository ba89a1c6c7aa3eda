//! What services print.

use http::Method;
use serde_json::{Value, json};

use super::{ask, get, make, perform, register, running};
use crate::{stream::Messages, test_server::TestServer};

/// The question that the executor hears; it answers with these lines.
async fn answer(server: &TestServer, lines: &str) -> Value {
    let question = loop {
        // The call also ends when there is other news.
        let renew = json!({"leases": [], "wait_seconds": 50.0});
        let heard = server.post("/api/executors/docker-1/leases", &renew);
        let heard = heard.json(200).await["questions"][0].clone();
        if heard.is_object() {
            break heard;
        }
    };
    let id = question["id"].as_str().expect("a question");
    let path = format!("/api/executors/docker-1/answers/{id}");
    let sent = server.send(Method::POST, &path, lines.to_owned());
    assert_eq!(sent.status().await, 204);
    question
}

fn line(text: &str) -> String {
    format!(
        "{}\n",
        json!({"service": "web", "stream": "stdout", "line": text})
    )
}

#[tokio::test]
async fn the_last_lines_come_from_the_containers() {
    let server = running(&json!({})).await;
    let lines = [line("one"), line("two"), line("three")].concat();
    let asked = server.get("/api/playgrounds/feature-auth/logs/web?tail=2");
    let (logs, question) = tokio::join!(asked.json(200), answer(&server, &lines));
    assert_eq!(
        logs,
        json!({"service": "web", "lines": ["two", "three"], "source": "live"})
    );
    assert_eq!(
        (
            &question["ask"],
            &question["project"],
            &question["service"],
            &question["tail"]
        ),
        (
            &json!("playground_logs"),
            &json!("pg-1-feature-auth"),
            &json!("web"),
            &json!(2)
        )
    );
    // More than a thousand are taken as a thousand.
    let asked = server.get("/api/playgrounds/1/logs/web?tail=5000");
    let (_, question) = tokio::join!(asked.json(200), answer(&server, &lines));
    assert_eq!(question["tail"], 1_000);
    let unknown = server
        .get("/api/playgrounds/1/logs/nothing")
        .json(404)
        .await;
    assert_eq!(unknown["error"]["code"], "RESOURCE_NOT_FOUND");
    server
        .get("/api/playgrounds/1/logs/web?tail=0")
        .json(422)
        .await;
}

#[tokio::test]
async fn lines_are_followed_as_server_sent_events() {
    let server = running(&json!({})).await;
    for (path, headers) in [
        ("/api/playgrounds/1/logs/web?follow=1", vec![]),
        (
            "/api/playgrounds/1/logs/web",
            vec![("accept", "text/event-stream")],
        ),
    ] {
        let asked = server.with_headers(Method::GET, path, &headers, "");
        let lines = [line("one"), line("two")].concat();
        let (followed, question) = tokio::join!(asked, answer(&server, &lines));
        assert_eq!(question["follow"], true);
        let messages = Messages::of(followed).rest().await;
        let found: Vec<_> = messages
            .iter()
            .map(|one| (one.event.as_str(), &one.data["line"]))
            .collect();
        assert_eq!(
            found,
            [
                ("line", &json!("one")),
                ("line", &json!("two")),
                ("end", &Value::Null)
            ]
        );
    }
}

#[tokio::test]
async fn what_was_kept_is_answered_when_nothing_runs() {
    let server = running(&json!({})).await;
    ask(&server, "1/stop").json(200).await;
    let stopped = json!([
        super::service("web", "stopped"),
        super::service("db", "stopped")
    ]);
    perform(
        &server,
        &json!({"services": stopped, "logs": [{"service": "web", "lines": ["a", "b"]}]}),
    )
    .await;
    let logs = get(&server, "1/logs/web").await;
    assert_eq!(
        logs,
        json!({"service": "web", "lines": ["a", "b"], "source": "cached"})
    );
    let nothing = server.get("/api/playgrounds/1/logs/db").json(404).await;
    assert_eq!(nothing["error"]["code"], "LOGS_UNAVAILABLE");
}

#[tokio::test]
async fn without_an_executor_the_caller_hears_why() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    make(&server, &json!({})).await;
    perform(&server, &super::applied("1")).await;
    server.clock.advance_ms(120_000);
    let refused = server.get("/api/playgrounds/1/logs/web").json(503).await;
    let message = refused["error"]["message"].as_str().expect("a text");
    assert!(message.contains("no executor reaches"), "{refused}");
}
