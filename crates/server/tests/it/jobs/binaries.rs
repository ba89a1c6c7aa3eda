//! `POST /binaries` and `GET /binaries/{sha256}`.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::test_server::{NOON_MS, SHA256, TestServer};

const DAY_MS: i64 = 24 * 3_600_000;

async fn upload(server: &TestServer, body: impl Into<Body>) -> serde_json::Value {
    server
        .send(Method::POST, "/api/v1/binaries", body)
        .json(201)
        .await
}

#[tokio::test]
async fn a_program_is_uploaded_and_fetched() {
    let server =
        TestServer::with(|settings| settings.public_url = Some("https://127.0.0.1:81/".to_owned()))
            .await;
    let answer = server
        .send(Method::POST, "/api/v1/binaries", &b"#!/bin/sh\n\0\xFF"[..])
        .await;
    assert_snapshot!("uploaded", answer.shown().await);
    let path = "/api/v1/binaries/61c2bc34b3e8f4fee2ab6d5e4c4f0f3b1b6d7c2e8a11f4fe4f3e4f3e4f3e4f3e";
    assert_snapshot!("unknown", server.get(path).shown().await);
    let sha256 = upload(&server, "program").await["binary_sha256"].clone();
    let path = format!("/api/v1/binaries/{}", sha256.as_str().expect("a hash"));
    for path in [
        &path,
        &path
            .to_uppercase()
            .replace("/API/V1/BINARIES", "/api/v1/binaries"),
    ] {
        let found = server.get(path).await;
        assert_eq!(found.headers["content-length"], "7");
        assert_eq!(found.headers["content-type"], "application/octet-stream");
        assert_eq!(found.text().await, "program");
    }
}

#[tokio::test]
async fn a_program_may_come_in_pieces_and_twice() {
    let server = TestServer::open().await;
    let pieces =
        [&b"pro"[..], b"", b"gram"].map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)));
    let first = upload(&server, Body::from_stream(stream::iter(pieces))).await;
    assert_eq!(upload(&server, "program").await, first);
    assert_eq!(first["size_bytes"], 7);
}

#[tokio::test]
async fn what_is_no_program_is_refused_and_leaves_nothing_behind() {
    let server = TestServer::with(|settings| settings.upload_limit_bytes = 10).await;
    let empty = server.send(Method::POST, "/api/v1/binaries", "").await;
    assert_snapshot!("empty", empty.shown().await);
    let large = server
        .send(Method::POST, "/api/v1/binaries", "12345678901")
        .await;
    assert_snapshot!("large", large.shown().await);
    let broken = [Ok(Bytes::from("123")), Err(std::io::Error::other("gone"))];
    let broken = Body::from_stream(stream::iter(broken));
    server
        .send(Method::POST, "/api/v1/binaries", broken)
        .refused(400)
        .await;
    let left = std::fs::read_dir(server.dir().join("data/blobs")).expect("a directory");
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn names_that_are_no_hashes_are_unknown() {
    let server = TestServer::open().await;
    for name in [
        "x",
        "..%2Fplayhouse.db",
        "%FF",
        "%00",
        &"g".repeat(64),
        &"a".repeat(65),
    ] {
        server
            .get(&format!("/api/v1/binaries/{name}"))
            .refused(404)
            .await;
    }
}

#[tokio::test]
async fn unused_programs_are_collected_and_used_ones_are_not() {
    let server = TestServer::open().await;
    let used = upload(&server, "used").await;
    let elsewhere = upload(&server, "used by another name of this server").await;
    let unused = upload(&server, "unused").await;
    server
        .submit_with(&json!({
            "binary_url": used["binary_url"],
            "binary_sha256": used["binary_sha256"],
        }))
        .await;
    let sha256 = elsewhere["binary_sha256"].as_str().expect("a hash");
    server
        .submit_with(&json!({
            "binary_url": format!("https://jobs.example/api/v1/binaries/{sha256}?x=1"),
            "binary_sha256": sha256,
        }))
        .await;
    let path = |answer: &serde_json::Value| {
        format!(
            "/api/v1/binaries/{}",
            answer["binary_sha256"].as_str().unwrap_or(SHA256)
        )
    };
    server.clock.advance_ms(DAY_MS);
    server.server.retain().await.expect("a tick");
    assert_eq!(server.get(&path(&unused)).await.status, 200);
    server.clock.advance_ms(1);
    server.server.retain().await.expect("a tick");
    assert_eq!(server.get(&path(&unused)).await.status, 404);
    assert_eq!(server.get(&path(&used)).await.status, 200, "a job needs it");
    assert_eq!(
        server.get(&path(&elsewhere)).await.status,
        200,
        "a job needs it"
    );
}

#[tokio::test]
async fn an_upload_that_was_acknowledged_survives_a_collection_at_the_same_time() {
    let server = TestServer::open().await;
    for round in 0..30 {
        upload(&server, "program").await;
        // Old enough to be collected now, were it not uploaded again.
        server.clock.advance_ms(DAY_MS + 1);
        let (again, collected) = tokio::join!(upload(&server, "program"), server.server.retain());
        collected.expect("a tick");
        let sha256 = again["binary_sha256"].as_str().expect("a hash");
        let found = server.get(&format!("/api/v1/binaries/{sha256}")).await;
        assert_eq!(found.status, 200, "round {round}");
    }
}

#[tokio::test]
async fn files_that_a_crash_left_without_a_row_are_collected_when_they_are_old() {
    let server = TestServer::open().await;
    upload(&server, "kept").await;
    let dir = server.dir().join("data/blobs");
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_millis(NOON_MS.unsigned_abs());
    let day = std::time::Duration::from_millis(DAY_MS.unsigned_abs());
    let kept = std::fs::read_dir(&dir).expect("a directory").next();
    let kept = kept.expect("a file").expect("a file").file_name();
    let kept = kept.into_string().expect("a name");
    let [young, old] = [(); 2].map(|()| uuid::Uuid::new_v4().to_string());
    for (name, written) in [
        (&kept, now - day * 2),
        (&young, now - day),
        (&old, now - day * 2),
        (&"other".to_owned(), now - day * 2),
    ] {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join(name))
            .expect("a file");
        file.set_modified(written).expect("a time");
    }
    server.server.retain().await.expect("a tick");
    let left = |name: &str| dir.join(name).exists();
    assert!(left(&kept), "a row names it");
    assert!(left(&young), "its upload may be under way");
    assert!(!left(&old), "nothing can name it");
    assert!(left("other"), "it is none of ours");
    assert_eq!(std::fs::read_dir(&dir).expect("a directory").count(), 3);
}
