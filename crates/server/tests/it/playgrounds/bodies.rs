//! Bodies, headers and queries as the contract's clients send them.

use http::Method;
use serde_json::{Value, json};

use super::{claim_as, new, playspec, running};
use crate::test_server::TestServer;

const KEY: (&str, &str) = ("idempotency-key", "abc");

#[tokio::test]
async fn bodies_may_be_null_or_empty() {
    for body in ["", "null", " null\n", "{}"] {
        let server = running(&json!({})).await;
        let rollout = server.send(Method::POST, "/api/playgrounds/1/rollout", body);
        assert_eq!(rollout.json(200).await["status"], "pending", "{body:?}");
        let extend = server.send(Method::POST, "/api/playgrounds/1/extend_expiration", body);
        assert_eq!(extend.status().await, 200, "{body:?}");
    }
    let server = running(&json!({})).await;
    for body in ["[]", "1", "{", "{\"force\": 1}"] {
        let refused = server
            .send(Method::POST, "/api/playgrounds/1/rollout", body)
            .json(400)
            .await;
        assert_eq!(refused["error"]["code"], "BAD_REQUEST", "{body:?}");
    }
}

#[tokio::test]
async fn repeated_requests_are_answered_alike() {
    let server = TestServer::open().await;
    let spec = playspec(&server).await;
    let body = new(spec, &json!({})).to_string();
    let create = || server.with_headers(Method::POST, "/api/playgrounds", &[KEY], &body);
    let first = create().await;
    assert_eq!(first.headers.get("x-idempotent-replayed"), None);
    let first = first.json(201).await;
    let second = create().await;
    assert_eq!(second.headers["x-idempotent-replayed"], "true");
    assert_eq!(second.json(201).await, first);
    let other = body.replace("feature-auth", "other");
    let reused = server.with_headers(Method::POST, "/api/playgrounds", &[KEY], &other);
    let reused = reused.json(400).await;
    assert_eq!(
        reused["error"]["details"]["Idempotency-Key"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    let spec = json!({"playspec": {"name": "b", "base_compose_yaml": super::COMPOSE}}).to_string();
    let key = ("idempotency-key", "spec");
    let create = || server.with_headers(Method::POST, "/api/playspecs", &[key], &spec);
    let first = create().json(201).await;
    let second = create().await;
    assert_eq!(second.headers["x-idempotent-replayed"], "true");
    assert_eq!(second.json(201).await, first);
}

#[tokio::test]
async fn a_repeated_operation_is_one() {
    let server = running(&json!({})).await;
    let rollout =
        || server.with_headers(Method::POST, "/api/playgrounds/1/rollout", &[KEY], "null");
    let first = rollout().json(200).await;
    let second = rollout().await;
    assert_eq!(second.headers["x-idempotent-replayed"], "true");
    assert_eq!(
        second.json(200).await["operation_id"],
        first["operation_id"]
    );
    assert!(claim_as(&server, "docker-1").await.is_object());
    assert_eq!(claim_as(&server, "docker-1").await, Value::Null);
}

#[tokio::test]
async fn lists_are_bare_unless_pages_are_asked_for() {
    let server = TestServer::open().await;
    let spec = playspec(&server).await;
    for (name, job_mode) in [("one", false), ("two", true), ("three", false)] {
        let body = new(
            spec,
            &json!({"name": name, "job_mode": job_mode,
            "service_subdomains": {"web": name}}),
        );
        server.post("/api/playgrounds", &body).json(201).await;
    }
    let names = |list: &Value| {
        let list = list.as_array().expect("a list").iter();
        list.map(|one| one["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    for (query, found) in [
        ("", vec!["three", "two", "one"]),
        ("?sort=name", vec!["one", "three", "two"]),
        ("?sort=-expires_at", vec!["three", "one", "two"]),
        ("?job_mode=true", vec!["two"]),
        ("?q=HRE", vec!["three"]),
        ("?name=one", vec!["one"]),
        ("?status=running", vec![]),
        (
            "?status=pending,error&playspec_id=1",
            vec!["three", "two", "one"],
        ),
        ("?playspec_id=2", vec![]),
        (
            "?created_after=2024-01-01T12:00:00Z",
            vec!["three", "two", "one"],
        ),
        ("?created_before=2024-01-01T12:00:00Z", vec![]),
    ] {
        let list = server
            .get(&format!("/api/playgrounds{query}"))
            .json(200)
            .await;
        assert_eq!(names(&list), found, "{query}");
    }
    let page = server
        .get("/api/playgrounds?page=2&per_page=2")
        .json(200)
        .await;
    assert_eq!(names(&page["data"]), ["one"]);
    assert_eq!(page["meta"], json!({"page": 2, "per_page": 2, "total": 3}));
    for wrong in [
        "page=0",
        "per_page=0",
        "status=odd",
        "sort=odd",
        "created_after=odd",
    ] {
        let refused = server
            .get(&format!("/api/playgrounds?{wrong}"))
            .json(422)
            .await;
        assert_eq!(refused["error"]["code"], "VALIDATION_FAILED", "{wrong}");
    }
    server.get("/api/playgrounds?page=x").json(400).await;
}
