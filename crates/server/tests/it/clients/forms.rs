//! Requests in other forms: with a slash at the end, again in another order, by a name of the machine.

use http::{Method, Request};
use serde_json::json;

use crate::test_server::{TestServer, example};

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let server = TestServer::open().await;
    let submitted = server.post("/api/v1/jobs/", &example()).json(201).await;
    let id = submitted["id"].as_str().expect("an id");
    let listed = server.get("/api/v1/jobs/?limit=1").json(200).await;
    assert_eq!(listed[0]["id"], id);
    assert_eq!(
        server.get(&format!("/api/v1/jobs/{id}/")).json(200).await["id"],
        id
    );
    let claim = json!({"executor_id": "worker-1"});
    server.post("/api/v1/jobs/claim/", &claim).json(200).await;
    assert_eq!(server.get("/api/v1/jobs//").status().await, 404);
    assert_eq!(
        server.get("/").status().await,
        server.get("/?a=1").status().await
    );
    let refused = server.get("/api/v1/nothing/").refused(404).await;
    assert_eq!(refused["error"], "no such route");
}

#[tokio::test]
async fn the_same_value_is_the_same_request_however_it_is_written() {
    let server = TestServer::open().await;
    let submit = |body: String| {
        let headers = [("idempotency-key", "key-1")];
        server.with_headers(Method::POST, "/api/v1/jobs", &headers, &body)
    };
    let first = submit(example().to_string()).json(201).await;
    let fields: Vec<(String, serde_json::Value)> = example()
        .as_object()
        .expect("an object")
        .clone()
        .into_iter()
        .collect();
    let fields = fields
        .iter()
        .rev()
        .map(|(name, value)| format!("{name:?} :\n {value}"));
    let other = format!("{{ {} }}", fields.collect::<Vec<_>>().join(" , "));
    assert_eq!(submit(other).json(201).await, first);
    let changed = example().to_string().replace("arg1", "arg0");
    submit(changed).refused(400).await;
}

#[tokio::test]
async fn a_key_of_other_characters_is_refused_for_what_it_is() {
    let server = TestServer::open().await;
    let request = Request::post("/api/v1/jobs").header("idempotency-key", "schlüssel".as_bytes());
    let request = request
        .body(example().to_string().into())
        .expect("a request");
    let refused = server.request(request).refused(400).await;
    let message = refused["error"].as_str().expect("a message");
    assert!(message.contains("visible ASCII"), "{message}");
}

#[tokio::test]
async fn probes_and_scrapes_may_come_by_any_address() {
    let server = TestServer::with(|settings| {
        settings.public_url = Some("http://play.example:8080".to_owned());
        settings.allowed_hosts = vec!["*.pods.example".to_owned()];
    })
    .await;
    let status = async |path: &str, host: &str| {
        let request = Request::get(path).header("host", host);
        let request = request.body(axum::body::Body::empty()).expect("a request");
        server.request(request).await.status.as_u16()
    };
    for path in [
        "/livez",
        "/readyz",
        "/api/v1/health",
        "/api/v1/metrics",
        "/api/health",
        "/health",
        "/health/live",
        "/health/ready",
        "/health/detailed",
    ] {
        for host in ["10.244.0.5:8080", "", "evil.example"] {
            assert_ne!(status(path, host).await, 403, "{path} at {host:?}");
        }
    }
    for (host, wanted) in [
        ("10.244.0.5:8080", 403),
        ("", 403),
        ("pods.example", 403),
        ("a.pods.example:8080", 401),
        ("play.example", 401),
    ] {
        assert_eq!(status("/api/v1/jobs", host).await, wanted, "{host:?}");
    }
}
