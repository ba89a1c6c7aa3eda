//! Before there is a key, and the first one.

use axum::{body::Body, extract::ConnectInfo};
use http::{Request, Version};
use serde_json::json;
use server::Settings;
use std::net::SocketAddr;

use super::{Keyed, text};
use crate::{
    answer::Call,
    database::{self, on_both},
    stream::DEADLINE,
    test_server::TestServer,
};

on_both!(
    the_first_key_is_an_admins_and_ends_what_was_open,
    a_revoked_last_key_opens_nothing,
    of_many_first_keys_made_at_once_one_is_made,
    a_setup_token_is_good_until_the_first_key_is_made,
);

/// Asks for the jobs over a connection from `address`.
fn from<'a>(server: &'a TestServer, address: &str, header: Option<(&str, &str)>) -> Call<'a> {
    let address: SocketAddr = address.parse().expect("an address");
    let mut request = Request::get("/api/v1/jobs").extension(ConnectInfo(address));
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    server.request(request.body(Body::empty()).expect("a request"))
}

#[tokio::test]
async fn without_keys_this_machine_may_run_and_watch_and_others_nothing() {
    let server = TestServer::open().await;
    for local in ["127.0.0.1:4000", "[::1]:4000", "[::ffff:127.0.0.1]:4000"] {
        assert_eq!(from(&server, local, None).await.status, 200, "{local}");
    }
    for remote in [
        "192.0.2.1:4000",
        "[2001:db8::1]:4000",
        "[::ffff:192.0.2.1]:1",
    ] {
        let refused = from(&server, remote, None).refused(401).await;
        assert!(
            text(&refused["error"]).contains("its own machine"),
            "{remote}"
        );
    }
    // What a proxy on this machine passes on comes from anywhere.
    for name in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "x-forwarded-proto",
        "via",
    ] {
        let answer = from(&server, "127.0.0.1:4000", Some((name, "127.0.0.1"))).await;
        assert_eq!(answer.status, 401, "{name}");
    }
    // One that adds no header speaks the old version, as nginx does by default.
    let local: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
    let old = Request::get("/api/v1/jobs").version(Version::HTTP_10);
    let old = old.extension(ConnectInfo(local)).body(Body::empty());
    let answer = server.request(old.expect("a request")).await;
    assert_eq!(answer.status, 401);
    // A key that is not known is none, also where none is needed.
    let answer = from(&server, "127.0.0.1:4000", Some(("x-api-key", "itk_x"))).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn without_keys_only_the_operator_changes_settings() {
    let server = TestServer::open().await;
    let local: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
    let send = |method: &str, path: &str, key: Option<&str>, body: &str| {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        let request = request.extension(ConnectInfo(local));
        server.request(
            request
                .body(Body::from(body.to_owned()))
                .expect("a request"),
        )
    };
    let file = server.dir().join("data/operator.token");
    let kept = std::fs::read_to_string(&file).expect("the token");
    let token = kept.lines().next().expect("a line").to_owned();
    let new = r#"{"name": "first", "role": "admin"}"#;
    let hook = r#"{"url": "https://hooks.example/x", "events": ["*"]}"#;
    for (path, body) in [
        ("/api/keys", new),
        ("/api/join-tokens", "{}"),
        ("/api/vault/rotate", ""),
        ("/api/hooks", hook),
        ("/api/playrooms", r#"{"name": "other"}"#),
    ] {
        // A token of another server, or of an earlier start, proves nothing and is no wrong key.
        for key in [None, Some("operator_0123")] {
            let refused = send("POST", path, key, body).await;
            assert_eq!(refused.status, 401, "{path}");
            let said = refused.text().await;
            assert!(said.contains("the operator's alone"), "{path}: {said}");
        }
    }
    for key in [None, Some(token.as_str())] {
        assert_eq!(send("GET", "/api/keys", key, "").json(200).await, json!([]));
        assert_eq!(send("GET", "/api/v1/jobs", key, "").await.status, 200);
    }
    let created = send("POST", "/api/keys", Some(&token), new).json(201).await;
    // From now on it is no key.
    for key in [None, Some(token.as_str())] {
        let refused = send("GET", "/api/keys", key, "").problem(401).await;
        assert!(refused.contains("a key is needed"), "{refused}");
    }
    let lines = send("GET", "/api/audit", created["key"].as_str(), "")
        .json(200)
        .await;
    let made = lines.as_array().expect("lines").iter();
    let mut made = made.filter(|line| line["action"] == "key.create" && line["outcome"] == "ok");
    assert_eq!(
        made.next()
            .map(|line| text(&line["actor"]["id"]))
            .as_deref(),
        Some("operator")
    );
}

#[tokio::test]
async fn everyone_is_told_who_asks() {
    let server = TestServer::open().await;
    let local: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
    let request = Request::get("/api/me").extension(ConnectInfo(local));
    let me = server.request(request.body(Body::empty()).expect("a request"));
    let me = me.json(200).await;
    assert_eq!(
        (&me["name"], &me["role"]),
        (&json!("loopback"), &json!(null))
    );
    assert_eq!(server.get("/api/me").json(200).await["name"], "operator");
    let keyed = Keyed::open().await;
    let sdk = json!({"label": "sdk", "scopes": ["playgrounds:read"]});
    let made = keyed.post(&keyed.admin, "/api/keys", &sdk).json(201).await;
    let me = keyed.get(&text(&made["key"]), "/api/me").json(200).await;
    let expected = json!({"id": made["id"], "name": "sdk", "role": "custom", "scopes": ["playgrounds:read"],
        "expires_at": null});
    assert_eq!(me, expected);
}

#[tokio::test]
async fn behind_another_name_this_machine_is_unknown() {
    let named: [fn(&mut Settings); 2] = [
        |settings| settings.public_url = Some("https://play.example".to_owned()),
        |settings| settings.allowed_hosts = vec!["play.internal".to_owned()],
    ];
    for set in named {
        let server = TestServer::with(set).await;
        // A proxy of this machine that does not say for whom it asks looks like this machine.
        let refused = from(&server, "127.0.0.1:4000", None).refused(401).await;
        assert!(
            text(&refused["error"]).contains("another name"),
            "{refused}"
        );
        let new = json!({"name": "first", "role": "admin"});
        assert_eq!(server.post("/api/keys", &new).await.status, 401);
        assert_eq!(server.post("/api/tickets", &json!({})).await.status, 401);
        assert_eq!(from(&server, "192.0.2.1:4000", None).await.status, 401);
    }
    let named: [fn(&mut Settings); 2] = [
        |settings| settings.public_url = Some("http://localhost:8080".to_owned()),
        |settings| settings.allowed_hosts = vec!["127.0.0.2".to_owned()],
    ];
    for set in named {
        let server = TestServer::with(set).await;
        assert_eq!(from(&server, "127.0.0.1:4000", None).await.status, 200);
    }
}

#[tokio::test]
async fn the_audit_names_the_address_that_a_trusted_proxy_tells() {
    let proxy = "192.0.2.9".parse().expect("an address");
    let server = TestServer::with(|settings| settings.trusted_proxies = vec![proxy]).await;
    // What stands left of the address that the proxy saw was written by the caller.
    let claimed = Some(("x-forwarded-for", "127.0.0.1, 203.0.113.66, 198.51.100.7"));
    assert_eq!(from(&server, "192.0.2.9:1", claimed).await.status, 401);
    // A client that is no proxy writes all of it.
    assert_eq!(from(&server, "192.0.2.10:1", claimed).await.status, 401);
    assert_eq!(from(&server, "127.0.0.1:1", None).await.status, 200);
    server.server.write_refusals().await.expect("written");
    let lines = server.get("/api/audit?outcome=refused").json(200).await;
    let lines = lines.as_array().expect("lines").iter();
    let mut origins: Vec<String> = lines.map(|line| text(&line["from"])).collect();
    origins.sort_unstable();
    assert_eq!(origins, ["192.0.2.10", "198.51.100.7"]);
}

async fn the_first_key_is_an_admins_and_ends_what_was_open() {
    let server = TestServer::open().await;
    for role in ["user", "readonly", "executor"] {
        let new = json!({"name": "first", "role": role});
        let refused = server.post("/api/keys", &new).json(400).await;
        assert!(text(&refused["detail"]).contains("first key must be an admin's"));
    }
    assert_eq!(server.get("/api/keys").json(200).await, json!([]));
    let new = json!({"name": "first", "role": "admin"});
    let created = server.post("/api/keys", &new).json(201).await;
    assert_eq!(server.get("/api/keys").await.status, 401);
    assert_eq!(server.post("/api/keys", &new).await.status, 401);
    assert_eq!(from(&server, "127.0.0.1:1", None).await.status, 401);
    let shown = ("x-api-key", created["key"].as_str().expect("a key"));
    assert_eq!(from(&server, "127.0.0.1:1", Some(shown)).await.status, 200);
    // Health needs none.
    assert_eq!(server.get("/api/v1/health").await.status, 200);
}

async fn a_revoked_last_key_opens_nothing() {
    let keyed = Keyed::open().await;
    let list = keyed.get(&keyed.admin, "/api/keys").json(200).await;
    keyed.revoke(&list[0]["id"]).json(200).await;
    assert_eq!(keyed.server.get("/api/v1/jobs").await.status, 401);
    assert_eq!(keyed.get(&keyed.admin, "/api/v1/jobs").await.status, 401);
}

async fn of_many_first_keys_made_at_once_one_is_made() {
    let server = TestServer::open().await;
    let new = json!({"name": "first", "role": "admin"});
    let tries = (0..8).map(|_| server.post("/api/keys", &new));
    let answers = futures_util::future::join_all(tries).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((made, refused), (1, 7));
}

async fn a_setup_token_is_good_until_the_first_key_is_made() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut settings = Settings::new(dir.path().join("data"));
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.database_url = database::url(&settings.data_dir);
    let data_dir = settings.data_dir.clone();
    let running = server::start(settings).await.expect("it starts");
    // As two servers on one database print one each.
    let token = async || running.setup_token().await.expect("a token");
    let (first, second) = (token().await.expect("one"), token().await.expect("one"));
    // This one is never shown.
    token().await.expect("one more");
    let url = format!("{}/api/setup", running.public_url());
    let client = reqwest::Client::builder().timeout(DEADLINE).build();
    let client = client.expect("a client");
    let status = async |token: &str| {
        let body = json!({"token": token, "name": "root"}).to_string();
        let answer = client.post(&url).body(body).send().await;
        answer.expect("an answer").status().as_u16()
    };
    assert_eq!(status("setup_0").await, 401);
    assert_eq!(status(&first).await, 201);
    assert_eq!(status(&second).await, 401);
    assert_eq!(token().await, None);
    running.stop().await;
    let store = database::store(&data_dir, 0).await;
    let left = store.write(|batch| store::tickets::sweep(batch, i64::MAX));
    assert_eq!(left.await.expect("an answer"), 0, "none is kept for long");
}

#[tokio::test]
async fn the_page_of_the_setup_link_needs_nothing_from_elsewhere() {
    let server = TestServer::open().await;
    let page = server.get("/api/setup").await;
    assert_eq!(page.status, 200);
    let header = |name: &str| {
        let value = page.headers.get(name).expect("the header");
        value.to_str().expect("text").to_owned()
    };
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let text = page.text().await;
    for from_elsewhere in ["src=", "href=", "http:", "https:", "@import"] {
        assert!(!text.contains(from_elsewhere), "{from_elsewhere}");
    }
}
