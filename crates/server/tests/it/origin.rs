//! Pages of other sites may not ask for anything; ours, and who is no browser, may.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;

use crate::{
    answer::Call,
    test_server::{TestServer, example},
};

/// Submits a job as a page does that needs no leave: with a body of plain text.
fn submit<'a>(server: &'a TestServer, header: &str, value: &str) -> Call<'a> {
    let headers = [("content-type", "text/plain"), (header, value)];
    server.with_headers(
        Method::POST,
        "/api/v1/jobs",
        &headers,
        &example().to_string(),
    )
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_and_nothing_is_submitted() {
    let server = TestServer::open().await;
    let before = server.stats().await;
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("origin", "http://localhost.evil.example:8080"),
        ("origin", "http://localhost:3000"),
        ("origin", "http://evil.example@localhost.evil"),
        ("origin", "null"),
        ("origin", "localhost"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let refused = submit(&server, header, value).refused(403).await;
        let message = refused["error"].as_str().expect("a message");
        assert!(message.contains("another site"), "{value}: {message}");
    }
    assert_eq!(server.stats().await, before);
    let request = Request::get("/api/events").header("origin", "https://evil.example");
    let refused = server
        .request(request.body(Body::empty()).expect("a request"))
        .await;
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(refused.json(403).await["status"], json!(403));
}

#[tokio::test]
async fn a_page_of_another_port_of_this_machine_is_refused() {
    let server = TestServer::open().await;
    let from = async |origin: &str, host: &str| {
        let request = Request::get("/api/v1/jobs")
            .header("host", host)
            .header("origin", origin);
        let request = request.body(Body::empty()).expect("a request");
        server.request(request).await.status.as_u16()
    };
    for (origin, host) in [
        ("http://localhost:3000", "localhost:8080"),
        ("http://127.0.0.1:3000", "127.0.0.1:8080"),
        ("http://127.0.0.1:9", "localhost:9"),
        ("http://[::1]:3000", "[::1]:8080"),
        ("http://localhost", "localhost:8080"),
    ] {
        assert_eq!(from(origin, host).await, 403, "{origin} at {host}");
    }
    for (origin, host) in [
        ("http://localhost:8080", "localhost:8080"),
        ("http://127.0.0.1:9", "127.0.0.1:9"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://localhost", "localhost"),
        ("https://localhost", "localhost"),
        // The public URL's, which is the listening address unless it is said otherwise.
        ("http://127.0.0.1:8080", "localhost:8080"),
    ] {
        assert_eq!(from(origin, host).await, 200, "{origin} at {host}");
    }
}

#[tokio::test]
async fn our_own_pages_and_programs_may_ask() {
    let server = TestServer::open().await;
    for (header, value) in [
        ("origin", "http://localhost"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("accept", "*/*"),
    ] {
        let answer = submit(&server, header, value).await;
        assert_eq!(answer.status, 201, "{header}: {value}");
    }
}

#[tokio::test]
async fn pages_of_the_hosts_that_the_operator_names_may_ask() {
    let server = TestServer::with(|settings| {
        settings.public_url = Some("https://play.example:8443".to_owned());
        settings.allowed_hosts = vec!["alias.example".to_owned()];
    })
    .await;
    // There are no keys, and every caller is an admin: past the check of the origin.
    for (value, status) in [
        ("https://play.example:8443", 401),
        ("https://ALIAS.example", 401),
        ("http://localhost", 401),
        ("http://localhost:3000", 403),
        ("https://play.example.evil", 403),
    ] {
        let answer = submit(&server, "origin", value).await;
        assert_eq!(answer.status, status, "{value}");
    }
}
