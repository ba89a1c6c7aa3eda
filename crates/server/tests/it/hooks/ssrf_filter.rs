//! Addresses inside are not called, whatever a hook names.

use serde_json::json;

use super::{deliver, deliveries, hook, patch, receiver::Receiver, refused};
use crate::{
    access::{Keyed, text},
    test_server::{TestServer, example, example_with},
};

#[tokio::test]
async fn an_address_inside_is_refused_when_the_hook_is_made() {
    let server = TestServer::open().await;
    for url in [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]:8080/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[64:ff9b::7f00:1]/",
    ] {
        let detail = refused(server.post("/api/hooks", &json!({"url": url})).await, 400).await;
        assert!(detail.contains("not a public address"), "{url}: {detail}");
        let job = example_with(&json!({"webhook": url}));
        let body = server.post("/api/v1/jobs", &job).refused(400).await;
        assert_eq!(body["context"]["field"], "webhook.url", "{url}");
    }
    let hook = server
        .post("/api/hooks", &json!({"url": "https://hooks.example/"}))
        .json(201)
        .await;
    refused(
        patch(&server, &hook, &json!({"url": "http://127.0.0.1/"})).await,
        400,
    )
    .await;
    assert_eq!(server.get("/api/v1/jobs").json(200).await, json!([]));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called() {
    let (server, receiver) = (TestServer::open().await, Receiver::start().await);
    let url = format!("http://localhost:{}/hook", receiver.address().port());
    let body = json!({"url": url, "events": ["job.submitted"]});
    let hook = server.post("/api/hooks", &body).json(201).await;
    server.submit(&example()).await;
    assert_eq!(deliver(&server).await, 1);
    assert_eq!(receiver.count(), 0);
    let one = deliveries(&server, &hook).await.remove(0);
    let error = one["error"].as_str().expect("an error");
    assert!(error.starts_with("`localhost` leads to "), "{error}");
    assert_eq!(
        one["status"], "pending",
        "the name may lead elsewhere tomorrow"
    );
}

#[tokio::test]
async fn where_a_name_leads_is_told_to_those_who_read_hooks_alone() {
    let keyed = Keyed::open().await;
    let user = keyed.key("ci", "user").await;
    let job = example_with(&json!({"webhook": "http://localhost:9/hook"}));
    let job = keyed.post(&user, "/api/v1/jobs", &job).json(201).await;
    let cancel = format!("/api/v1/jobs/{}/cancel", text(&job["id"]));
    keyed.post(&user, &cancel, &json!({})).json(200).await;
    keyed.server.server.deliver().await.expect("a tick");
    let path = format!("/api/v1/jobs/{}/deliveries", text(&job["id"]));
    for (key, said) in [
        (&user, "the server may not call this address"),
        (&keyed.admin, "leads to"),
    ] {
        let deliveries = keyed.get(key, &path).json(200).await;
        let error = text(&deliveries[0]["error"]);
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_leads_where_the_operator_allows_is_called() {
    let server = TestServer::with(|settings| {
        let networks = ["127.0.0.0/8", "::1/128"];
        settings.allowed_outbound = networks.map(|one| one.parse().expect("a network")).to_vec();
    })
    .await;
    let receiver = Receiver::start().await;
    let url = format!("http://localhost:{}/hook", receiver.address().port());
    server
        .post("/api/hooks", &json!({"url": url}))
        .json(201)
        .await;
    server.submit(&example()).await;
    assert_eq!(deliver(&server).await, 1);
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn an_allowed_address_may_be_taken_back() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let receiver = Receiver::start().await;
    let server = super::restart::open(dir.path(), true).await;
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    drop(server);
    let server = super::restart::open(dir.path(), false).await;
    server.submit(&example()).await;
    deliver(&server).await;
    assert_eq!(receiver.count(), 0);
    let one = deliveries(&server, &hook).await.remove(0);
    assert!(
        one["error"]
            .as_str()
            .expect("an error")
            .contains("--allow-outbound"),
        "{one}"
    );
}
