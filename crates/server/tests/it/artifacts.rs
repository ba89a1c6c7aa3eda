//! `/api/runs/{id}/artifacts`: executors store what runs leave, callers list and fetch it.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    answer::Answer,
    database::on_both,
    test_server::{TestServer, example},
};

on_both!(
    artefacts_are_stored_listed_and_fetched,
    only_the_owner_of_the_lease_stores,
    artefacts_go_with_their_run_and_no_sooner,
);

const DAY_MS: i64 = 24 * 3_600_000;

/// A server with a job that `worker` has claimed; the path of its artefacts, and the query of its lease.
async fn claimed() -> (TestServer, String, String) {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    let job = server.claim("worker").await;
    let id = job["id"].as_str().expect("an id");
    let query = format!("executor=worker&token={}", job["lease_token"]);
    (server, format!("/api/runs/{id}/artifacts"), query)
}

async fn put(
    server: &TestServer,
    (path, query): (&str, &str),
    name: &str,
    body: impl Into<Body>,
) -> Answer {
    let path = format!("{path}/{name}?{query}");
    server.send(Method::PUT, &path, body).await
}

async fn names(server: &TestServer, path: &str) -> Vec<String> {
    let list = server.get(path).await.json(200).await;
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// A refusal of our own routes.
async fn refused(answer: Answer, status: u16) -> String {
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let body = answer.json(status).await;
    body["detail"].as_str().expect("a detail").to_owned()
}

async fn artefacts_are_stored_listed_and_fetched() {
    let (server, path, query) = claimed().await;
    let at = (path.as_str(), query.as_str());
    let stored = put(&server, at, "report/index.html", "<script>").await;
    let stored = stored.json(200).await;
    let expected = json!({
        "name": "report/index.html", "size_bytes": 8, "attempt": 1, "sha256": stored["sha256"],
        "created_at": "2024-01-01T12:00:00Z",
    });
    assert_eq!(stored, expected);
    // A retry changes nothing, an empty file is one too, and names are bytes like others.
    server.clock.advance_ms(1_000);
    let again = put(&server, at, "report/index.html", "<script>").await;
    assert_eq!(again.json(200).await, stored);
    put(&server, at, "empty", "").await.json(200).await;
    put(&server, at, "%C3%A4%20%25.txt", "text")
        .await
        .json(200)
        .await;
    let listed = names(&server, &path).await;
    assert_eq!(listed, ["empty", "report/index.html", "ä %.txt"]);
    let of_job = path.replace("/api/runs/", "/api/v1/jobs/");
    assert_eq!(names(&server, &of_job).await, listed);
    for path in [&path, &of_job] {
        let found = server.get(&format!("{path}/report/index.html")).await;
        for (header, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("content-length", "8"),
            (
                "content-disposition",
                "attachment; filename*=UTF-8''index.html",
            ),
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "sandbox; default-src 'none'; frame-ancestors 'none'",
            ),
        ] {
            assert_eq!(found.headers[header], value);
        }
        assert_eq!(found.text().await, "<script>");
        let found = server.get(&format!("{path}/%C3%A4%20%25.txt")).await;
        let disposition = "attachment; filename*=UTF-8''%C3%A4%20%25.txt";
        assert_eq!(found.headers["content-disposition"], disposition);
        assert_eq!(found.text().await, "text");
    }
    // A newer one of the name replaces it.
    put(&server, at, "empty", "full").await.json(200).await;
    let found = server.get(&format!("{path}/empty")).await;
    assert_eq!(found.text().await, "full");
    refused(server.get(&format!("{path}/unknown")).await, 404).await;
    let unknown = server.get(&format!("{of_job}/unknown")).await;
    unknown.refused(404).await;
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused() {
    let (server, path, query) = claimed().await;
    for name in [
        "..",
        "%2E%2E",
        "..%2F..%2Fetc%2Fpasswd",
        "a/../b",
        "a//b",
        "%2Fetc%2Fpasswd",
        "a/",
        "a%00b",
        "a%0Ab",
        &"a".repeat(256),
        &"a/".repeat(600),
    ] {
        let answer = put(&server, (&path, &query), name, "x").await;
        let detail = refused(answer, 400).await;
        assert!(detail.starts_with("name: "), "{name}: {detail}");
    }
    assert!(names(&server, &path).await.is_empty());
}

async fn only_the_owner_of_the_lease_stores() {
    let (server, path, query) = claimed().await;
    for query in ["executor=other&token=1", "executor=worker&token=7"] {
        refused(put(&server, (&path, query), "name", "x").await, 404).await;
    }
    for query in ["", "executor=worker", "executor=&token=1"] {
        refused(put(&server, (&path, query), "name", "x").await, 400).await;
    }
    // The lease is lost while the artefact comes in.
    let (begin, begun) = oneshot::channel();
    let (end, ended) = oneshot::channel::<()>();
    let body = stream::once(async move {
        let _ = begin.send(());
        let _ = ended.await;
        Ok::<_, std::io::Error>(Bytes::from("late"))
    });
    let lose = async {
        begun.await.expect("it is read");
        server.clock.advance_ms(3_600_000);
        server.server.reap().await.expect("a tick");
        end.send(()).expect("it is waited for");
    };
    let sent = put(&server, (&path, &query), "name", Body::from_stream(body));
    let (answer, ()) = tokio::join!(sent, lose);
    refused(answer, 404).await;
    assert!(names(&server, &path).await.is_empty());
}

async fn artefacts_go_with_their_run_and_no_sooner() {
    let (server, path, query) = claimed().await;
    let at = (path.as_str(), query.as_str());
    let kept = put(&server, at, "kept", "bytes").await.json(200).await;
    let blob = format!(
        "/api/v1/binaries/{}",
        kept["sha256"].as_str().expect("a hash")
    );
    server.clock.advance_ms(2 * DAY_MS);
    server.server.retain().await.expect("a tick");
    assert_eq!(
        server.get(&format!("{path}/kept")).await.text().await,
        "bytes"
    );
    server.server.reap().await.expect("a tick");
    let id = path.split('/').nth(3).expect("an id");
    server
        .post(&format!("/api/v1/jobs/{id}/cancel"), &json!({}))
        .await
        .json(200)
        .await;
    server.clock.advance_ms(8 * DAY_MS);
    server.server.retain().await.expect("a tick");
    refused(server.get(&path).await, 404).await;
    server.server.retain().await.expect("a tick");
    server.get(&blob).await.refused(404).await;
    let files = std::fs::read_dir(server.dir().join("data/blobs")).expect("a directory");
    assert_eq!(files.count(), 0);
}
