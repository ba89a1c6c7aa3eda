//! Sockets and keys: what opens one, and that it ends with its key.

use std::{path::Path, time::Duration};

use serde_json::Value;
use server::Running;
use tokio::net::TcpStream;
use wire::{
    client::Client,
    keys::{CreatedKey, NewKey},
};

use super::socket::{Socket, job, start};
use crate::database::on_both;

on_both!(
    a_key_or_a_ticket_opens_a_socket_and_nothing_else_does,
    a_socket_ends_with_its_key,
);

fn new_key(name: &str, role: &str) -> NewKey {
    NewKey {
        name: name.to_owned(),
        role: role.to_owned(),
        ..NewKey::default()
    }
}

/// A server with keys: a client with an admin's, and a reader's key.
async fn with_keys(dir: &Path) -> (Running, Client, CreatedKey) {
    let (running, _) = start(dir, Duration::from_secs(10)).await;
    let token = server::operator_token(dir, running.public_url()).expect("the operator's");
    let first = Client::with_key(running.public_url(), &token).expect("a client");
    let admin = first.create_key(&new_key("admin", "admin")).await;
    let admin = admin.expect("the first key");
    let client = Client::with_key(running.public_url(), &admin.key).expect("a client");
    let reader = client.create_key(&new_key("reader", "readonly")).await;
    let reader = reader.expect("a key");
    (running, client, reader)
}

/// The status of a refused opening; `None` when it was opened.
async fn refused(running: &Running, path: &str) -> Option<u16> {
    let address = running.local_addr();
    let stream = TcpStream::connect(address).await.expect("a connection");
    let opened = Socket::over(stream, address, path, &[]).await;
    opened.err().map(|answer| answer.status().as_u16())
}

async fn a_key_or_a_ticket_opens_a_socket_and_nothing_else_does() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client, reader) = with_keys(dir.path()).await;
    let performer = client.create_key(&new_key("worker-1", "executor")).await;
    let performer = performer.expect("a key").key;
    for path in ["/ws/events", "/ws/executions"] {
        let status = refused(&running, path).await;
        assert_eq!(status, Some(401), "{path}: no key");
        let status = refused(&running, &format!("{path}?api_key=itk_x")).await;
        assert_eq!(status, Some(401), "{path}: a wrong key");
        let status = refused(&running, &format!("{path}?api_key={performer}")).await;
        assert_eq!(status, Some(403), "{path}: a key without the scope");
        let status = refused(&running, &format!("{path}?api_key={}", reader.key)).await;
        assert_eq!(status, None, "{path}: a key");
        let answer = reqwest::Client::builder()
            .build()
            .expect("a client")
            .post(format!("{}/api/tickets", running.public_url()))
            .header("x-api-key", &reader.key)
            .send()
            .await;
        let text = answer.expect("an answer").text().await.expect("text");
        let ticket: Value = serde_json::from_str(&text).expect("JSON");
        let ticket = ticket["ticket"].as_str().expect("a ticket");
        let path = format!("{path}?after=0&ticket={ticket}");
        assert_eq!(refused(&running, &path).await, None, "a ticket");
        assert_eq!(refused(&running, &path).await, Some(401), "a used ticket");
    }
    running.stop().await;
}

async fn a_socket_ends_with_its_key() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client, reader) = with_keys(dir.path()).await;
    let path = format!("/ws/events?after=0&api_key={}", reader.key);
    let mut socket = Socket::open(running.local_addr(), &path).await;
    client.submit(&job(), None).await.expect("accepted");
    assert_eq!(socket.said().await["type"], "job.submitted");
    client.revoke_key(&reader.id, false).await.expect("revoked");
    while socket.next().await.is_some() {}
    let (code, reason) = socket.closed.expect("a close");
    assert_eq!(code, 1008, "{reason}");
    running.stop().await;
}
