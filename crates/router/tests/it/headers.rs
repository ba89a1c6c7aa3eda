//! Headers that a target gets, and those that stay between two hops.

use router::RouterSettings;
use serde_json::{Value, json};

use crate::{
    backend::Backend,
    world::{client, install, route, router, with},
};

async fn received(settings: RouterSettings, lines: &str) -> Value {
    let web = Backend::start("web").await;
    let router = with(settings).await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    let answer = client
        .request("GET", "web.localhost:8080", "/headers", lines)
        .await;
    answer.json()["headers"].clone()
}

#[tokio::test]
async fn a_target_learns_where_a_request_came_from() {
    let headers = received(RouterSettings::default(), "").await;
    for (name, value) in [
        ("host", "web.localhost:8080"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("x-forwarded-host", "web.localhost:8080"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8080"),
    ] {
        assert_eq!(headers[name], json!([value]), "{name}");
    }
    let id = headers["x-request-id"][0].as_str().unwrap();
    assert_eq!(id.len(), 32);
}

#[tokio::test]
async fn what_strangers_claim_is_replaced() {
    let claims = "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: https\r\n\
                  X-Forwarded-Host: bank.example\r\nX-Forwarded-Port: 443\r\nX-Real-IP: 1.2.3.4\r\n\
                  Forwarded: for=1.2.3.4\r\nX_Forwarded_For: 1.2.3.4\r\nX-Request-Id: mine-1\r\n";
    let headers = received(RouterSettings::default(), claims).await;
    assert_eq!(headers["x-forwarded-for"], json!(["127.0.0.1"]));
    assert_eq!(headers["x-real-ip"], json!(["127.0.0.1"]));
    assert_eq!(headers["x-forwarded-proto"], json!(["http"]));
    assert_eq!(headers["x-forwarded-host"], json!(["web.localhost:8080"]));
    assert_eq!(headers["x-forwarded-port"], json!(["8080"]));
    assert_eq!(headers["forwarded"], Value::Null);
    assert_eq!(headers["x_forwarded_for"], Value::Null);
    // An id is no claim: it lets one request be found in several logs.
    assert_eq!(headers["x-request-id"], json!(["mine-1"]));
}

#[tokio::test]
async fn what_a_trusted_proxy_says_is_continued() {
    let settings = RouterSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..RouterSettings::default()
    };
    let said = "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n\
                X-Forwarded-Port: 443\r\nX-Real-IP: 1.2.3.4\r\n";
    let headers = received(settings, said).await;
    assert_eq!(headers["x-forwarded-for"], json!(["1.2.3.4, 127.0.0.1"]));
    assert_eq!(headers["x-forwarded-proto"], json!(["https"]));
    assert_eq!(headers["x-forwarded-host"], json!(["shop.example"]));
    assert_eq!(headers["x-forwarded-port"], json!(["443"]));
    assert_eq!(headers["x-real-ip"], json!(["1.2.3.4"]));
}

#[tokio::test]
async fn hop_by_hop_headers_stay_behind() {
    let lines = "Connection: keep-alive, X-Secret-Hop, Host\r\nKeep-Alive: timeout=5\r\nX-Secret-Hop: 1\r\n\
                 Proxy-Connection: keep-alive\r\nTE: gzip, trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\
                 X-Kept: 1\r\n";
    let headers = received(RouterSettings::default(), lines).await;
    for gone in [
        "connection",
        "keep-alive",
        "x-secret-hop",
        "proxy-connection",
        "upgrade",
        "http2-settings",
    ] {
        assert_eq!(headers[gone], Value::Null, "{gone}");
    }
    assert_eq!(headers["te"], json!(["trailers"]));
    assert_eq!(headers["x-kept"], json!(["1"]));
    assert_eq!(headers["host"], json!(["web.localhost:8080"]));
}

#[tokio::test]
async fn a_request_id_that_is_no_token_is_replaced() {
    let long = format!("X-Request-Id: {}\r\n", "a".repeat(500));
    for wrong in ["X-Request-Id: a b\r\n", "X-Request-Id:\r\n", &long] {
        let headers = received(RouterSettings::default(), wrong).await;
        assert_eq!(headers["x-request-id"][0].as_str().unwrap().len(), 32);
    }
}

#[tokio::test]
async fn method_target_and_query_arrive_as_they_were_sent() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    let target = "/headers?a=%2F%zz&b=c//../d;e";
    let answer = client
        .request("PROPFIND", "web.localhost", target, "")
        .await
        .json();
    assert_eq!(
        (&answer["method"], &answer["target"]),
        (&json!("PROPFIND"), &json!(target))
    );
}
