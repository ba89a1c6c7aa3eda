//! What the router says itself.

use router::{BasicAuth, RouteState, RouterSettings};
use serde_json::json;

use crate::{
    backend::Backend,
    world::{client, get, install, route, router, with},
};

#[tokio::test]
async fn a_page_comes_in_the_format_that_is_read() {
    let router = router().await;
    for (accept, kind, begin) in [
        (
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "text/html; charset=utf-8",
            "<!doctype html>",
        ),
        ("application/json", "application/json", "{"),
        ("*/*", "text/plain; charset=utf-8", "Nothing is here"),
    ] {
        let mut client = client(&router).await;
        let line = format!("Accept: {accept}\r\nX-Request-Id: r1\r\n");
        let answer = client.request("GET", "no.localhost", "/", &line).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("content-type"), Some(kind));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-request-id"), Some("r1"));
        assert!(answer.body.starts_with(begin), "{answer:?}");
        assert!(answer.body.contains("no.localhost"), "{answer:?}");
    }
}

#[tokio::test]
async fn maintenance_says_when_to_come_back() {
    let web = Backend::start("web").await;
    let router = router().await;
    let mut closed = route("web", &[web.address]);
    closed.state = RouteState::Maintenance;
    install(&router, [closed]);
    let mut client = client(&router).await;
    let answer = client
        .request("GET", "web.localhost", "/", "Accept: application/json\r\n")
        .await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("30"))
    );
    assert_eq!(answer.json()["error"], json!("Under maintenance"));
    assert_eq!(web.requests(), 0);
}

#[tokio::test]
async fn an_internal_service_wants_the_password_and_does_not_pass_it_on() {
    let web = Backend::start("web").await;
    let router = router().await;
    let mut internal = route("web", &[web.address]);
    internal.auth = Some(BasicAuth::new("playground", "secret"));
    install(&router, [internal]);
    let mut client = client(&router).await;
    for line in ["", "Authorization: Basic cGxheWdyb3VuZDpndWVzcw==\r\n"] {
        let answer = client.request("GET", "web.localhost", "/", line).await;
        assert_eq!(answer.status, 401);
        let asked = answer.header("www-authenticate").unwrap();
        assert!(asked.starts_with("Basic realm="), "{asked}");
    }
    // Who has no password keeps nothing awake.
    assert_eq!(router.activity("owner").unwrap().requests, 0);
    assert_eq!(web.requests(), 0);
    let right = "Authorization: Basic cGxheWdyb3VuZDpzZWNyZXQ=\r\n";
    let answer = client
        .request("GET", "web.localhost", "/headers", right)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["headers"]["authorization"], json!(null));
}

#[tokio::test]
async fn the_password_is_wanted_before_anything_wakes() {
    let wake = router::WakeHook::new(|_| async { panic!("woken by a stranger") });
    let router = with(RouterSettings {
        wake: Some(wake),
        ..RouterSettings::default()
    })
    .await;
    let mut asleep = route("web", &[]);
    asleep.state = RouteState::Asleep;
    asleep.auth = Some(BasicAuth::new("playground", "secret"));
    install(&router, [asleep]);
    assert_eq!(get(&router, "web.localhost", "/").await.status, 401);
}

#[tokio::test]
async fn plain_http_is_sent_on_to_https() {
    let web = Backend::start("web").await;
    let router = with(RouterSettings {
        redirect_to_https: Some(8443),
        ..RouterSettings::default()
    })
    .await;
    install(&router, [route("web", &[web.address])]);
    let answer = get(&router, "web.localhost:8080", "/a?b=c").await;
    assert_eq!(answer.status, 308);
    assert_eq!(
        answer.header("location"),
        Some("https://web.localhost:8443/a?b=c")
    );
    assert_eq!(get(&router, "other.localhost", "/").await.status, 404);
}
