//! Requests that are refused, and callers that are slow.

use std::time::{Duration, Instant};

use router::{Router, RouterSettings};
use serde_json::{Value, json};

use crate::{
    backend::Backend,
    world::{client, install, route, router, with},
};

/// The status of what is sent as it is.
async fn status(router: &Router, request: &str) -> String {
    let mut client = client(router).await;
    client.send(request).await;
    let head = client.head().await;
    head.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn ambiguous_requests_are_refused() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let long = format!(
        "GET / HTTP/1.1\r\nHost: web.localhost\r\nX: {}\r\n\r\n",
        "a".repeat(100_000)
    );
    for (request, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.0\r\n\r\n", "400"),
        (
            "GET / HTTP/1.1\r\nHost: web.localhost\r\nHost: web.localhost\r\n\r\n",
            "400",
        ),
        ("GET / HTTP/1.1\r\nHost: web.localhost/x\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: user@web.localhost\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: web localhost\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "400"),
        (
            "GET http://web.localhost/ HTTP/1.1\r\nHost: web.localhost\r\n\r\n",
            "400",
        ),
        (
            "CONNECT web.localhost:80 HTTP/1.1\r\nHost: web.localhost\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: +1\r\n\r\na",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.0\r\nHost: web.localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        ("GET / HTTP/1.1\r\nHost : web.localhost\r\n\r\n", "400"),
        (
            "GET / HTTP/1.1\r\nHost: web.localhost\r\nX: a\r\n b\r\n\r\n",
            "400",
        ),
        (&long, "431"),
    ] {
        let line = status(&router, request).await;
        assert_eq!(&line[9..12], expected, "{line}: {:.200}", request);
    }
    assert_eq!(web.requests(), 0);
}

#[tokio::test]
async fn a_length_beside_a_transfer_encoding_smuggles_nothing() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    for (first, second) in [
        ("Content-Length: 6", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 6"),
    ] {
        let before = web.requests();
        let mut client = client(&router).await;
        client
            .send(format!(
                "POST /headers HTTP/1.1\r\nHost: web.localhost\r\n{first}\r\n{second}\r\n\r\n0\r\n\r\n\
                 GET /smuggled HTTP/1.1\r\nHost: web.localhost\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await;
        // The target sees one framing, and what follows is not read as a request.
        let headers = answer.json()["headers"].clone();
        assert_eq!(headers["content-length"], Value::Null);
        assert_eq!(headers["transfer-encoding"], json!(["chunked"]));
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(client.rest().await, "");
        assert_eq!(web.requests(), before + 1);
    }
}

#[tokio::test]
async fn a_slow_head_ends_a_connection() {
    let router = with(RouterSettings {
        header_timeout: Duration::from_millis(200),
        ..RouterSettings::default()
    })
    .await;
    let begun = Instant::now();
    let mut client = client(&router).await;
    client.send("GET / HTTP/1.1\r\nHost: web.loc").await;
    assert_eq!(client.rest().await, "");
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let web = Backend::start("web").await;
    let router = with(RouterSettings {
        connection_limit: 1,
        ..RouterSettings::default()
    })
    .await;
    install(&router, [route("web", &[web.address])]);
    let mut first = client(&router).await;
    assert_eq!(first.get("web.localhost", "/").await.status, 200);
    let mut second = client(&router).await;
    second
        .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    assert_eq!(first.get("web.localhost", "/").await.status, 200);
    assert_eq!(web.requests(), 2);
    drop(first);
    assert_eq!(second.answer().await.status, 200);
}
