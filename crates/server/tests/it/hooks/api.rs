//! `/api/hooks`: made, shown, changed, deleted; what is wrong is refused and changes nothing.

use http::Method;
use serde_json::{Value, json};

use super::{hook, id, patch, receiver::Receiver, refused, server, shown};
use crate::{
    answer::has,
    test_server::{TestServer, example},
};

const URL: &str = "https://hooks.example/in?x=1";
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

async fn create(server: &TestServer, body: &Value) -> Value {
    server.post("/api/hooks", body).json(201).await
}

#[tokio::test]
async fn a_hook_is_made_with_a_secret_that_is_shown_once() {
    let server = server().await;
    let mut made = create(&server, &json!({"url": URL})).await;
    let secret = made["secret"].take();
    let secret = secret.as_str().expect("a secret");
    assert!(
        secret.starts_with("whsec_") && secret.len() > 40,
        "{secret}"
    );
    let expected = json!({
        "id": id(&made), "url": URL, "events": ["*"], "description": "", "enabled": true,
        "created_at": "2024-01-01T12:00:00Z", "failures": 0, "secret": null,
    });
    assert_eq!(made, expected);
    let given =
        json!({"url": URL, "events": ["job.*"], "description": "to chat", "secret": SECRET});
    let given = create(&server, &given).await;
    has(&given, &json!({"secret": SECRET, "description": "to chat"}));
    let all = server.get("/api/hooks").json(200).await;
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert!(!all.to_string().contains("whsec_"), "{all}");
    assert_eq!(all[0], shown(&server, &made).await);
    assert!(all[0].get("secret").is_none());
}

#[tokio::test]
async fn a_hook_is_changed_in_parts() {
    let server = server().await;
    let hook = create(&server, &json!({"url": URL, "events": ["job.*"]})).await;
    let same = patch(&server, &hook, &json!({})).json(200).await;
    assert_eq!(same, shown(&server, &hook).await);
    let change = json!({"description": "new", "url": "https://other.example/", "secret": SECRET});
    let changed = patch(&server, &hook, &change).json(200).await;
    assert_eq!(changed["url"], "https://other.example/");
    has(
        &changed,
        &json!({"description": "new", "events": ["job.*"]}),
    );
    assert!(changed.get("secret").is_none());
}

#[tokio::test]
async fn a_deleted_hook_is_gone_and_gets_nothing() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["*"]).await;
    server.submit(&example()).await;
    let path = format!("/api/hooks/{}", id(&hook));
    assert_eq!(server.delete(&path).await.status, 204);
    assert_eq!(super::deliver(&server).await, 0);
    assert_eq!(receiver.count(), 0);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/deliveries")),
        (Method::GET, format!("{path}/deliveries/1")),
        (Method::POST, format!("{path}/deliveries/1/replay")),
        (Method::POST, format!("{path}/test")),
        (Method::GET, "/api/hooks/nonsense".to_owned()),
    ] {
        refused(server.send(method, &path, "").await, 404).await;
    }
    refused(patch(&server, &hook, &json!({"enabled": true})).await, 404).await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let server = server().await;
    let hook = create(&server, &json!({"url": URL})).await;
    let before = shown(&server, &hook).await;
    let long = "x".repeat(2_048);
    for (body, names) in [
        (json!({"url": "hooks.example"}), "url"),
        (json!({"url": "file:///etc/passwd"}), "http"),
        (json!({"url": "https://user@hooks.example/"}), "user"),
        (
            json!({"url": format!("https://hooks.example/{long}")}),
            "2048",
        ),
        (json!({"url": 7}), "url"),
        (json!({"url": URL, "events": []}), "events"),
        (json!({"url": URL, "events": ["job,x"]}), "events[0]"),
        (json!({"url": URL, "events": ["*", "a b"]}), "events[1]"),
        (json!({"url": URL, "events": vec!["*"; 33]}), "events"),
        (json!({"url": URL, "events": "job.*"}), "events"),
        (json!({"url": URL, "description": long}), "description"),
        (json!({"url": URL, "description": "a\u{0}b"}), "description"),
        (json!({"url": URL, "secret": "hunter2"}), "whsec_"),
        (json!({"url": URL, "secret": "whsec_AAAA"}), "24 to 64"),
        (json!([]), "object"),
        (json!(null), "object"),
    ] {
        let detail = refused(server.post("/api/hooks", &body).await, 400).await;
        assert!(detail.contains(names), "{body}: {detail}");
        assert!(!detail.contains("hunter2"));
        let detail = refused(patch(&server, &hook, &body).await, 400).await;
        assert!(detail.contains(names), "{body}: {detail}");
    }
    refused(server.post("/api/hooks", &json!({})).await, 400).await;
    refused(server.send(Method::POST, "/api/hooks", "{").await, 400).await;
    refused(server.send(Method::PUT, "/api/hooks", "{}").await, 405).await;
    let path = format!("/api/hooks/{}", id(&hook));
    for query in ["limit=0", "limit=x", "before=x"] {
        refused(server.get(&format!("{path}/deliveries?{query}")).await, 400).await;
    }
    refused(server.get(&format!("{path}/deliveries/x")).await, 404).await;
    assert_eq!(shown(&server, &hook).await, before);
    assert_eq!(
        server
            .get("/api/hooks")
            .json(200)
            .await
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn there_are_at_most_a_hundred_hooks() {
    let server = server().await;
    for _ in 0..100 {
        create(&server, &json!({"url": URL})).await;
    }
    refused(server.post("/api/hooks", &json!({"url": URL})).await, 409).await;
    let all = server.get("/api/hooks").json(200).await;
    assert_eq!(
        server
            .delete(&format!("/api/hooks/{}", id(&all[0])))
            .await
            .status,
        204
    );
    create(&server, &json!({"url": URL})).await;
}
