//! Requests that go to another target, or are sent again.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::{
    backend::Backend,
    raw::RawBackend,
    world::{client, get, install, route, router},
};

/// An address at which nothing listens.
async fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn a_refused_connection_moves_the_request_with_its_body() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[closed().await, web.address])]);
    for _ in 0..20 {
        let mut client = client(&router).await;
        client
            .send("POST /sum HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 4\r\n\r\nbody")
            .await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "4"));
    }
    let metrics = router.metrics();
    let metrics = &metrics.routes["web"];
    assert_eq!(metrics.connect_failed, metrics.repeated);
    // For a while the target that refused is asked last.
    assert!(metrics.connect_failed <= 1, "{metrics:?}");
}

#[tokio::test]
async fn refused_by_all_is_said_with_the_usual_cause() {
    let router = router().await;
    install(&router, [route("web", &[closed().await])]);
    let answer = get(&router, "web.localhost", "/").await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.contains("127.0.0.1"), "{answer:?}");
}

/// Serves one request on a connection that the router then keeps.
async fn warm(web: &RawBackend, client: &mut crate::client::Client) -> crate::client::Client {
    client
        .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    let mut target = web.accept().await;
    target.head().await;
    target
        .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .await;
    assert_eq!(client.answer().await.body, "ok");
    target
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_replaced() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    drop(warm(&web, &mut client).await);
    client
        .send("POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 4\r\n\r\nbody")
        .await;
    let mut target = web.accept().await;
    target.head().await;
    assert_eq!(target.exactly(4).await, b"body");
    target.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 204);
}

#[tokio::test]
async fn only_what_is_safe_is_sent_again_after_it_was_sent() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    // The target reads the request and closes without a word: what it did is unknown.
    let mut target = warm(&web, &mut client).await;
    client
        .send("GET /again HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    target.head().await;
    drop(target);
    let mut target = web.accept().await;
    assert!(target.head().await.starts_with("GET /again"));
    target
        .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain")
        .await;
    assert_eq!(client.answer().await.body, "again");
    client
        .send("POST /once HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 0\r\n\r\n")
        .await;
    target.head().await;
    drop(target);
    let answer = client.answer().await;
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(router.metrics().routes["web"].repeated, 1);
}

#[tokio::test]
async fn a_target_that_always_closes_is_not_asked_forever() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    let mut target = web.accept().await;
    target.head().await;
    drop(target);
    assert_eq!(client.answer().await.status, 502);
}
