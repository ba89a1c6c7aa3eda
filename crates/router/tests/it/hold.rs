//! Requests that wait for a target.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use router::{HoldLimit, RouteState, Router, RouterSettings, WakeHook};
use tokio::sync::Semaphore;

use crate::{
    backend::Backend,
    world::{client, eventually, get, install, route, router, with},
};

#[tokio::test]
async fn a_request_waits_until_the_service_has_started() {
    let web = Backend::start("web").await;
    let router = router().await;
    let mut starting = route("web", &[]);
    starting.state = RouteState::Starting;
    install(&router, [starting]);
    let mut client = client(&router).await;
    client
        .send("POST /sum HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 5\r\n\r\nhello")
        .await;
    eventually("a hold", || router.metrics().routes["web"].held == 1).await;
    assert_eq!(router.activity("owner").unwrap().requests, 1);
    install(&router, [route("web", &[web.address])]);
    assert_eq!(client.answer().await.body, "5");
}

#[tokio::test]
async fn holds_have_limits() {
    let router = router().await;
    // Serving without any target.
    let mut empty = route("web", &[]);
    empty.hold = HoldLimit {
        wait_ms: 300,
        requests: 1,
    };
    install(&router, [empty]);
    let begun = Instant::now();
    let mut first = client(&router).await;
    first
        .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    eventually("a hold", || router.metrics().routes["web"].held == 1).await;
    let second = get(&router, "web.localhost", "/").await;
    assert_eq!(second.status, 503);
    assert!(begun.elapsed() < Duration::from_millis(300));
    let first = first.answer().await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        (first.status, first.header("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!(router.metrics().routes["web"].hold_refused, 2);
}

#[tokio::test]
async fn many_requests_wake_an_owner_once() {
    let web = Backend::start("web").await;
    let (calls, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (counted, gate) = (Arc::clone(&calls), Arc::clone(&go));
    let wake = WakeHook::new(move |owner| {
        let (counted, gate) = (Arc::clone(&counted), Arc::clone(&gate));
        async move {
            assert_eq!(owner, "owner");
            counted.fetch_add(1, SeqCst);
            gate.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    let router = with(RouterSettings {
        wake: Some(wake),
        ..RouterSettings::default()
    })
    .await;
    let mut asleep = route("web", &[]);
    asleep.state = RouteState::Asleep;
    install(&router, [asleep]);
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = client(&router).await;
        client
            .send("POST /sum HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 3\r\n\r\nabc")
            .await;
        clients.push(client);
    }
    eventually("20 holds", || router.metrics().routes["web"].held == 20).await;
    install(&router, [route("web", &[web.address])]);
    go.add_permits(1);
    for mut client in clients {
        assert_eq!(client.answer().await.body, "3");
    }
    assert_eq!(calls.load(SeqCst), 1);
}

#[tokio::test]
async fn a_failed_wake_is_said_at_once() {
    let wake = WakeHook::new(|_| async { Err("the image is gone".to_owned()) });
    let router = with(RouterSettings {
        wake: Some(wake),
        ..RouterSettings::default()
    })
    .await;
    let mut asleep = route("web", &[]);
    asleep.state = RouteState::Asleep;
    install(&router, [asleep]);
    let answer = get(&router, "web.localhost", "/").await;
    assert_eq!(answer.status, 503);
    // The reason is for those who run it.
    assert!(answer.body.contains("could not be woken"), "{answer:?}");
    assert!(!answer.body.contains("the image is gone"), "{answer:?}");
}

#[tokio::test]
async fn a_caller_that_goes_away_is_not_held() {
    let router = router().await;
    install(&router, [route("web", &[])]);
    let mut gone = client(&router).await;
    gone.send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    eventually("a hold", || router.activity("owner").unwrap().requests == 1).await;
    drop(gone);
    eventually("its end", || {
        router.activity("owner").unwrap().requests == 0
    })
    .await;
}

#[tokio::test]
async fn connections_wait_until_a_router_that_was_started_again_has_its_table() {
    let web = Backend::start("web").await;
    let settings = RouterSettings {
        http: vec![([127, 0, 0, 1], 0).into()],
        ..RouterSettings::default()
    };
    let router = Router::bind(settings).await.unwrap();
    let mut early = client(&router).await;
    early
        .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    install(&router, [route("web", &[web.address])]);
    router.accept();
    assert_eq!(early.answer().await.status, 200);
}
