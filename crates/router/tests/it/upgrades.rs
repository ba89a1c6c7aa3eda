//! WebSockets and other upgraded connections.

use futures_util::{SinkExt, StreamExt};
use router::Router;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_tungstenite::{
    accept_async, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    backend::Backend,
    client::Client,
    raw::RawBackend,
    world::{client, eventually, install, route, router},
};

const UPGRADE: &str =
    "GET /socket HTTP/1.1\r\nHost: web.localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

async fn upgraded(router: &Router) -> Client {
    let mut client = client(router).await;
    client.send(UPGRADE).await;
    let head = client.head().await.to_lowercase();
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(
        head.contains("connection: upgrade") && head.contains("upgrade: echo"),
        "{head}"
    );
    client
}

#[tokio::test]
async fn a_websocket_passes_messages_and_its_close() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut socket = accept_async(listener.accept().await.unwrap().0)
            .await
            .unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                socket.send(message).await.unwrap();
            }
        }
    });
    let router = router().await;
    install(&router, [route("web", &[address])]);
    let request = "ws://web.localhost/".into_client_request().unwrap();
    let stream = client(&router).await.stream;
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    let text = Message::text("x".repeat(200_000));
    socket.send(text.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text);
    socket.close(None).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_close());
    server.await.unwrap();
    drop(socket);
    eventually("the end", || router.activity("owner").unwrap().sockets == 0).await;
}

#[tokio::test]
async fn each_half_closes_for_itself() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = upgraded(&router).await;
    client.send("last words").await;
    client.stream.shutdown().await.unwrap();
    // The application answers after it has read the end.
    assert_eq!(client.rest().await, "last wordsgoodbye");
}

#[tokio::test]
async fn bytes_right_behind_the_heads_are_not_lost() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client.send(format!("{UPGRADE}early")).await;
    let mut target = web.accept().await;
    let head = target.head().await.to_lowercase();
    assert!(head.contains("connection: upgrade"), "{head}");
    target
        .send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst",
        )
        .await;
    client.head().await;
    assert_eq!(client.exactly(5).await, b"first");
    assert_eq!(target.exactly(5).await, b"early");
}

#[tokio::test]
async fn a_refused_upgrade_is_an_ordinary_response() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client.send(UPGRADE).await;
    let mut target = web.accept().await;
    target.head().await;
    target
        .send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        .await;
    assert_eq!(client.answer().await.body, "no");
    assert_eq!(router.activity("owner").unwrap().sockets, 0);
}

#[tokio::test]
async fn a_switch_that_was_not_asked_for_is_refused() {
    let web = RawBackend::start().await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    client
        .send("GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    let mut target = web.accept().await;
    target.head().await;
    target
        .send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 502);
}

#[tokio::test]
async fn an_end_of_the_target_ends_the_socket() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = upgraded(&router).await;
    client.send("hello").await;
    assert_eq!(client.exactly(5).await, b"hello");
    drop(client);
    eventually("the end", || router.activity("owner").unwrap().sockets == 0).await;
}
