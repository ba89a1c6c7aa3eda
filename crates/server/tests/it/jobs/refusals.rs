//! What every route refuses in the same form.

use axum::body::Body;
use http::{Method, Request};
use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{TestServer, example, smallest};

const UNKNOWN: &str = "018cc4e5-2200-7000-8000-0000000000ff";
const MIB: usize = 1 << 20;

#[tokio::test]
async fn unknown_and_malformed_ids_are_not_found() {
    let server = TestServer::open().await;
    assert_snapshot!(
        "unknown",
        server.get(&format!("/api/v1/jobs/{UNKNOWN}")).shown().await
    );
    assert_snapshot!("malformed", server.get("/api/v1/jobs/42").shown().await);
    let holder = json!({"executor_id": "worker-1", "executor_ip": "192.0.2.7"}).to_string();
    let long = "a".repeat(5_000);
    let odd = [
        "42",
        "%00",
        "%FF",
        "%2F",
        "..",
        "018cc251f40070008000000000000001",
        "\u{e4}",
        &long,
    ];
    let odd = odd.map(|id| id.replace('\u{e4}', "%C3%A4"));
    for id in odd.iter().map(String::as_str).chain([UNKNOWN]) {
        let path = |rest: &str| format!("/api/v1/jobs/{id}{rest}");
        for (method, path) in [
            (Method::GET, path("")),
            (Method::DELETE, path("")),
            (Method::PUT, path("/heartbeat")),
            (Method::PUT, path("/complete")),
            (Method::PUT, path("/fail")),
            (Method::POST, path("/cancel")),
            (Method::POST, path("/retry")),
            (Method::GET, path("/logs")),
        ] {
            let answer = server.send(method, &path, holder.clone()).await;
            let context = &answer.refused(404).await["context"];
            let shown = context["job_id"].as_str().unwrap_or_default();
            assert!(shown.len() <= 100, "{path}: {context}");
        }
    }
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_refused() {
    let server = TestServer::open().await;
    assert_snapshot!("route", server.get("/api/v1/nothing").shown().await);
    assert_snapshot!(
        "method",
        server.send(Method::PATCH, "/api/v1/jobs", "").shown().await
    );
    for path in [
        "/api/v1",
        "/api/v1/",
        "/api/v1/jobs//",
        "/api/v1/jobs//logs",
        "/api/v1/JOBS",
    ] {
        server.get(path).refused(404).await;
    }
    for (method, path) in [
        (Method::PUT, "/api/v1/jobs"),
        (Method::DELETE, "/api/v1/jobs"),
        (Method::POST, "/api/v1/health"),
        (Method::GET, "/api/v1/jobs/bulk/cancel"),
        (
            Method::POST,
            "/api/v1/jobs/018cc4e5-2200-7000-8000-0000000000ff/complete",
        ),
        (Method::OPTIONS, "/api/v1/admin/stats"),
    ] {
        let answer = server.send(method.clone(), path, "").await;
        assert!(
            answer.headers.contains_key("allow"),
            "{method} {path} says what is allowed"
        );
        answer.refused(405).await;
    }
    // Routes of our own answer in their own form.
    let other = server.get("/nothing").await;
    assert_eq!(other.headers["content-type"], "application/problem+json");
    assert_eq!(other.json(404).await["status"], 404);
}

#[tokio::test]
async fn malformed_json_is_refused_and_says_where() {
    let server = TestServer::open().await;
    let broken = server
        .send(Method::POST, "/api/v1/jobs", "{\"type\": \"a\",}")
        .await;
    assert_snapshot!("broken", broken.shown().await);
    assert_snapshot!(
        "empty",
        server.send(Method::POST, "/api/v1/jobs", "").shown().await
    );
    let twice = format!("{}{}", example(), example());
    assert_snapshot!(
        "twice",
        server
            .send(Method::POST, "/api/v1/jobs", twice)
            .shown()
            .await
    );
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 0);
}

/// A body that is never in memory as a whole.
fn large(bytes: usize) -> Body {
    let piece = bytes::Bytes::from(vec![b' '; MIB]);
    let pieces = (0..bytes.div_ceil(MIB)).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    Body::from_stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn oversized_bodies_are_refused_in_the_same_form() {
    let server = TestServer::open().await;
    let job = |rest: &str| format!("/api/v1/jobs/{UNKNOWN}/{rest}");
    for (method, path, limit) in [
        (Method::POST, "/api/v1/jobs".to_owned(), 16),
        (Method::POST, "/api/v1/jobs/claim".to_owned(), 16),
        (Method::PUT, job("heartbeat"), 16),
        (Method::PUT, job("complete"), 32),
        (Method::PUT, job("fail"), 32),
        (Method::POST, "/api/v1/jobs/bulk".to_owned(), 64),
        (Method::POST, "/api/v1/jobs/bulk/cancel".to_owned(), 64),
    ] {
        let body = server
            .send(method, &path, large((limit + 1) * MIB))
            .refused(413)
            .await;
        assert_eq!(body["context"]["limit_bytes"], limit * MIB, "{path}");
    }
    let run = |rest: &str| format!("/api/runs/{UNKNOWN}/{rest}");
    let executor = |rest: &str| format!("/api/executors/worker-1{rest}");
    for (method, path, limit) in [
        (Method::POST, executor("/exchange"), 64),
        (Method::POST, executor("/leases"), 16),
        (Method::PUT, executor(""), 1),
        (Method::POST, run("parts"), 16),
        (Method::POST, run("release"), 16),
        (
            Method::POST,
            run("output?stream=stdout&offset=0&executor=worker-1&token=1"),
            16,
        ),
    ] {
        let answer = server.send(method, &path, large((limit + 1) * MIB)).await;
        let detail = answer.problem(413).await;
        assert!(
            detail.contains(&(limit * MIB).to_string()),
            "{path}: {detail}"
        );
    }
    assert_eq!(server.stats().await["active_executors"], 0);
}

#[tokio::test]
async fn bodies_at_the_limit_are_read() {
    let server = TestServer::open().await;
    let padded = |limit: usize| {
        let job = smallest().to_string();
        format!("{}{job}", " ".repeat(limit * MIB - job.len()))
    };
    assert_eq!(
        server
            .send(Method::POST, "/api/v1/jobs", padded(16))
            .await
            .status,
        201
    );
    let id = server.claim("worker-1").await["id"].clone();
    let path = format!("/api/v1/jobs/{}/complete", id.as_str().expect("an id"));
    let end = json!({"executor_id": "worker-1"}).to_string();
    let end = format!("{}{end}", " ".repeat(32 * MIB - end.len()));
    assert_eq!(server.send(Method::PUT, &path, end).await.status, 200);
}

#[tokio::test]
async fn other_hosts_are_refused() {
    let server = TestServer::open().await;
    for host in ["evil.example", "localhost.evil.example", "192.0.2.1:8080"] {
        let request = Request::get("/api/v1/jobs").header("host", host);
        let request = request.body(Body::empty()).expect("a request");
        server.request(request).refused(403).await;
    }
    let request = Request::get("/api/v1/jobs").header("host", "127.0.0.1:8080");
    let request = request.body(Body::empty()).expect("a request");
    assert_eq!(server.request(request).await.status, 200);
}
