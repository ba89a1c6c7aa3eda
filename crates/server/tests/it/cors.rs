//! Pages of other sites that the operator names may ask and see the answers; others may not.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;
use server::{Assembled, Clock, Settings};

use crate::{
    answer::{Answer, Call},
    test_server::{FixedClock, TestServer, example},
};

const CONSOLE: &str = "https://console.example";

async fn with_console() -> TestServer {
    TestServer::with(|settings| settings.cors_origins = vec![CONSOLE.to_owned()]).await
}

/// A request as a browser sends it for a page of another site.
fn from<'a>(
    server: &'a TestServer,
    origin: &str,
    method: Method,
    path: &str,
    body: &str,
) -> Call<'a> {
    let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
    server.with_headers(method, path, &headers, body)
}

/// What a browser asks before it sends a request with a key.
fn preflight<'a>(server: &'a TestServer, origin: &str) -> Call<'a> {
    let headers = [
        ("origin", origin),
        ("sec-fetch-site", "cross-site"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-api-key,content-type"),
    ];
    server.with_headers(Method::OPTIONS, "/api/v1/jobs", &headers, "")
}

fn header(answer: &Answer, name: &str) -> Option<String> {
    let value = answer.headers.get(name)?;
    Some(value.to_str().expect("text").to_owned())
}

fn allowed(answer: &Answer) -> Option<String> {
    let credentials = header(answer, "access-control-allow-credentials");
    assert_eq!(
        credentials, None,
        "the browser's credentials are not needed"
    );
    header(answer, "access-control-allow-origin")
}

#[tokio::test]
async fn a_page_of_a_named_site_asks_and_sees_the_answer() {
    let server = with_console().await;
    let answer = preflight(&server, CONSOLE).await;
    assert_eq!(answer.status, 200);
    assert_eq!(allowed(&answer).as_deref(), Some(CONSOLE));
    let methods = header(&answer, "access-control-allow-methods").expect("methods");
    let headers = header(&answer, "access-control-allow-headers").expect("headers");
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        assert!(methods.contains(method), "{methods}");
    }
    for name in ["x-api-key", "authorization", "content-type"] {
        assert!(headers.contains(name), "{headers}");
    }
    let body = example().to_string();
    let answer = from(&server, CONSOLE, Method::POST, "/api/v1/jobs", &body).await;
    assert_eq!(allowed(&answer).as_deref(), Some(CONSOLE));
    let shown = header(&answer, "access-control-expose-headers").expect("headers");
    assert!(
        shown.contains("retry-after") && shown.contains("link"),
        "{shown}"
    );
    let vary = header(&answer, "vary").expect("it depends on who asks");
    assert!(vary.contains("origin"), "{vary}");
    answer.json(201).await;
    // What is refused is seen as well.
    for (path, status) in [
        ("/api/v1/jobs/x", 404),
        ("/api/v1/jobs?limit=0", 400),
        // It asks for no WebSocket, and is let through to where that is seen.
        ("/ws/events", 400),
    ] {
        let answer = from(&server, CONSOLE, Method::GET, path, "").await;
        assert_eq!(allowed(&answer).as_deref(), Some(CONSOLE));
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn a_page_of_any_other_site_neither_asks_nor_sees() {
    for server in [with_console().await, TestServer::open().await] {
        for origin in [
            "https://evil.example",
            "https://console.example.evil",
            "http://console.example",
            "https://console.example:8443",
            "null",
        ] {
            assert_eq!(allowed(&preflight(&server, origin).await), None, "{origin}");
            let body = example().to_string();
            let answer = from(&server, origin, Method::POST, "/api/v1/jobs", &body).await;
            assert_eq!(allowed(&answer), None, "{origin}");
            answer.refused(403).await;
        }
        assert_eq!(server.get("/api/v1/jobs").json(200).await, json!([]));
    }
    // A request that says where it goes but not where it comes from is none of a named site.
    let server = with_console().await;
    let request = Request::get("/api/v1/jobs").header("sec-fetch-site", "cross-site");
    let answer = server.request(request.body(Body::empty()).expect("a request"));
    answer.await.refused(403).await;
}

#[tokio::test]
async fn without_a_named_site_nothing_is_said() {
    let server = TestServer::open().await;
    let answer = preflight(&server, CONSOLE).await;
    assert!(answer.status.is_client_error());
    let said = answer.headers.keys().map(http::HeaderName::as_str);
    let said: Vec<&str> = said
        .filter(|name| name.starts_with("access-control"))
        .collect();
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test]
async fn only_whole_origins_are_named() {
    for wrong in [
        "*",
        "null",
        "console.example",
        "https://console.example/",
        "https://console.example/page",
        "https://CONSOLE.example",
        "https://console.example:443",
        "https://user@console.example",
        "https://*.example",
        "ftp://console.example",
    ] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut settings = Settings::new(dir.path().join("data"));
        settings.cors_origins = vec![wrong.to_owned()];
        let opened = Assembled::open(settings, Clock::new(FixedClock::new())).await;
        let Err(error) = opened else {
            panic!("{wrong} was taken")
        };
        assert!(error.to_string().contains("origin"), "{error}");
    }
}
