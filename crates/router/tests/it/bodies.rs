//! Bodies in both directions: framing, streaming, and what happens when one side stops.

use std::time::Duration;

use router::RouteState;
use tokio::io::AsyncWriteExt;

use crate::{
    backend::Backend,
    raw::RawBackend,
    world::{client, eventually, install, route, router},
};

#[tokio::test]
async fn framing_is_kept() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    let sized = "Content-Length: 5\r\n\r\nhello";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    for (method, body, sent, other) in [
        ("POST", sized, "content-length", "transfer-encoding"),
        ("POST", chunked, "transfer-encoding", "content-length"),
        ("GET", chunked, "transfer-encoding", "content-length"),
    ] {
        client
            .send(format!(
                "{method} /echo HTTP/1.1\r\nHost: web.localhost\r\n{body}"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.body, "hello");
        assert!(answer.header(sent).is_some(), "{answer:?}");
        assert!(answer.header(other).is_none(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_head_request_has_the_length_and_no_body() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send("HEAD / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    let head = client.head().await.to_lowercase();
    assert!(head.contains("content-length: 3"), "{head}");
    // The next answer begins right after it.
    assert_eq!(client.get("web.localhost", "/").await.body, "web");
}

#[tokio::test]
async fn trailers_pass() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send(
            "POST /echo HTTP/1.1\r\nHost: web.localhost\r\nTE: trailers\r\nTrailer: x-sum\r\n\
             Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n",
        )
        .await;
    client.head().await;
    assert_eq!(client.chunk().await, b"hi");
    assert!(client.chunk().await.is_empty());
    assert_eq!(client.line().await.to_lowercase(), "x-sum: 7\r\n");
}

#[tokio::test]
async fn nothing_is_collected_on_the_way() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    client.head().await;
    // Each piece comes back before the next one is sent.
    for piece in ["one", "two!", "three"] {
        client
            .send(format!("{:x}\r\n{piece}\r\n", piece.len()))
            .await;
        assert_eq!(client.chunk().await, piece.as_bytes());
    }
    client.send("0\r\n\r\n").await;
    assert!(client.chunk().await.is_empty());
}

#[tokio::test]
async fn a_body_is_asked_for_when_the_target_is_there() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[])]);
    let mut client = client(&router).await;
    client
        .send("POST /sum HTTP/1.1\r\nHost: web.localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        .await;
    eventually("a hold", || router.metrics().routes["web"].held == 1).await;
    install(&router, [route("web", &[web.address])]);
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue");
    client.send("body").await;
    assert_eq!(client.answer().await.body, "4");
}

#[tokio::test]
async fn an_early_response_reaches_a_caller_that_still_uploads() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send("POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 1000000\r\n\r\nbegin")
        .await;
    let mut target = web.accept().await;
    target.head().await;
    target
        .send("HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\nConnection: close\r\n\r\nno room")
        .await;
    drop(target);
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (413, "no room"));
}

#[tokio::test]
async fn a_refused_upload_reads_the_refusal_while_it_sends() {
    let router = router().await;
    let mut closed = route("web", &[]);
    closed.state = RouteState::Maintenance;
    install(&router, [closed]);
    for _ in 0..20 {
        let mut client = client(&router).await;
        client
            .send("POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 50000000\r\n\r\n")
            .await;
        // More than the kernel buffers: the router has to read some of it to the end of its answer.
        for _ in 0..100 {
            client.send([b'x'; 100_000]).await;
        }
        let answer = client.answer().await;
        assert_eq!(answer.status, 503);
        assert_eq!(client.rest().await, "");
    }
}

#[tokio::test]
async fn an_upload_goes_on_after_the_response_began() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send("POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 10\r\n\r\nhello")
        .await;
    let mut target = web.accept().await;
    target.head().await;
    assert_eq!(target.exactly(5).await, b"hello");
    target
        .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsome")
        .await;
    assert_eq!(client.answer().await.body, "some");
    client.send("world").await;
    assert_eq!(target.exactly(5).await, b"world");
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_the_exchange() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    // Before the response, in the middle of it, and in the middle of an upload.
    for (request, response) in [
        ("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n", None),
        (
            "GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n",
            Some("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"),
        ),
        (
            "POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 9\r\n\r\nhel",
            None,
        ),
    ] {
        let mut client = client(&router).await;
        client.send(request).await;
        let mut target = web.accept().await;
        target.head().await;
        if let Some(response) = response {
            target.send(response).await;
            client.head().await;
        }
        drop(client);
        target.rest().await;
        eventually("the end", || {
            router.activity("owner").unwrap().idle_for.is_some()
        })
        .await;
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_is_seen_as_broken() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    for head in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut client = client(&router).await;
        client
            .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
            .await;
        let mut target = web.accept().await;
        target.head().await;
        target
            .send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n4\r\nhalf\r\n"))
            .await;
        client.head().await;
        drop(target);
        let rest = client.rest().await;
        assert!(
            rest.contains("half") && !rest.contains("\r\n0\r\n"),
            "{rest:?}"
        );
    }
}

#[tokio::test]
async fn a_silent_target_times_out_and_a_slow_upload_does_not() {
    let web = RawBackend::start().await;
    let router = router().await;
    let mut short = route("web", &[web.address]);
    short.response_timeout_ms = 300;
    install(&router, [short]);
    let mut silent = client(&router).await;
    let begin = "POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 8\r\n\r\n";
    silent.send(format!("{begin}complete")).await;
    let _target = web.accept().await;
    assert_eq!(silent.answer().await.status, 504);

    let mut slow = client(&router).await;
    slow.send(begin).await;
    let mut target = web.accept().await;
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        slow.send("x").await;
    }
    target.head().await;
    target.exactly(8).await;
    target.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(slow.answer().await.status, 204);

    let mut stalled = client(&router).await;
    stalled.send(begin).await;
    stalled.send("x").await;
    assert_eq!(stalled.answer().await.status, 408);
}

#[tokio::test]
async fn an_old_caller_gets_a_response_that_ends_with_the_connection() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send("POST /echo HTTP/1.0\r\nHost: web.localhost\r\nContent-Length: 2\r\n\r\nhi")
        .await;
    client.stream.flush().await.unwrap();
    let answer = client.rest().await;
    assert!(
        answer.starts_with("HTTP/1.0 200") && answer.ends_with("\r\n\r\nhi"),
        "{answer}"
    );
}
