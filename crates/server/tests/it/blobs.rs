//! Blobs in an S3 bucket, on a real S3 server.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request};
use private_s3::Server as S3;
use serde_json::Value;
use server::{Assembled, Clock, Settings};
use tower::ServiceExt;

use crate::{
    answer::Answer,
    database::{self, Databases},
    test_server::TestServer,
};

const DAY_MS: i64 = 24 * 3_600_000;
/// More than one part of an upload to S3.
const LARGE: usize = 40 << 20;

fn on(s3: &S3) -> impl FnOnce(&mut Settings) {
    let (url, variables) = (s3.url("some/prefix"), s3.variables());
    move |settings| {
        settings.blobs = Some(url);
        settings.blob_options = variables;
    }
}

fn objects(s3: &S3) -> usize {
    s3.objects("some/prefix").expect("a directory").len()
}

/// Bytes that are not all alike, in pieces that fit no part.
fn large() -> impl stream::Stream<Item = std::io::Result<Bytes>> {
    let piece: Vec<u8> = (0..100_003_u32).map(|n| n.to_le_bytes()[1]).collect();
    let pieces = LARGE / piece.len();
    stream::iter(vec![Bytes::from(piece); pieces]).map(Ok)
}

async fn upload(server: &TestServer, body: impl Into<Body>) -> Value {
    let sent = server.send(Method::POST, "/api/v1/binaries", body);
    sent.await.json(201).await
}

fn path(uploaded: &Value) -> String {
    let sha256 = uploaded["binary_sha256"].as_str().expect("a hash");
    format!("/api/v1/binaries/{sha256}")
}

#[tokio::test]
async fn uploads_of_any_length_are_kept_once_and_served() {
    let s3 = S3::start();
    let server = TestServer::with(on(&s3)).await;
    let small = upload(&server, "program").await;
    assert_eq!(server.get(&path(&small)).await.text().await, "program");
    let first = upload(&server, Body::from_stream(large())).await;
    let again = upload(&server, Body::from_stream(large())).await;
    assert_eq!(again, first);
    assert_eq!(objects(&s3), 2, "the same bytes are kept once");
    let found = server.get(&path(&first)).await.bytes().await;
    let sent = LARGE / 100_003 * 100_003;
    assert_eq!(found.len(), sent);
    let copy = upload(&server, found).await;
    assert_eq!(copy, first, "what is served has the hash of what was sent");
    assert!(!server.dir().join("data/blobs").exists());
}

#[tokio::test]
async fn what_breaks_off_leaves_nothing_behind() {
    let s3 = S3::start();
    let server = TestServer::with(|settings| {
        on(&s3)(settings);
        settings.upload_limit_bytes = 30 << 20;
    })
    .await;
    let large = server.send(Method::POST, "/api/v1/binaries", Body::from_stream(large()));
    large.await.refused(413).await;
    let broken = stream::iter([
        Ok(Bytes::from(vec![1; 20 << 20])),
        Err(std::io::Error::other("gone")),
    ]);
    let broken = server.send(Method::POST, "/api/v1/binaries", Body::from_stream(broken));
    broken.await.refused(400).await;
    assert_eq!(objects(&s3), 0);
    // Parts of unfinished uploads are files beside the bucket.
    let parts = s3.objects("..").expect("a directory");
    let parts = parts
        .iter()
        .filter(|path| path.to_string_lossy().contains("part"));
    assert_eq!(parts.count(), 0);
}

#[tokio::test]
async fn lost_bytes_are_stored_again() {
    let s3 = S3::start();
    let server = TestServer::with(on(&s3)).await;
    let uploaded = upload(&server, "program").await;
    for object in s3.objects("some/prefix").expect("a directory") {
        std::fs::remove_file(object).expect("it is there");
    }
    server.get(&path(&uploaded)).await.refused(404).await;
    upload(&server, "program").await;
    assert_eq!(server.get(&path(&uploaded)).await.text().await, "program");
}

#[tokio::test]
async fn a_bucket_that_is_away_refuses_uploads_and_a_wrong_address_the_start() {
    let s3 = S3::start();
    let server = TestServer::with(|settings| {
        on(&s3)(settings);
        settings.blob_options[0].1 = "http://127.0.0.1:1".to_owned();
    })
    .await;
    let sent = server.send(Method::POST, "/api/v1/binaries", "program");
    sent.await.refused(500).await;
    for wrong in ["blobs", "https://bucket/prefix", "s3://", "s3:bucket"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut settings = Settings::new(dir.path().to_owned());
        settings.blobs = Some(wrong.to_owned());
        let opened = Assembled::open(settings, Clock::system()).await;
        let error = opened.err().expect(wrong).to_string();
        assert!(error.contains(wrong), "{error}");
    }
}

#[tokio::test]
async fn two_servers_share_uploads_and_sweep_only_what_neither_names() {
    let _databases = Databases::on_postgres();
    let s3 = S3::start();
    let first = TestServer::with(on(&s3)).await;
    let mut settings = Settings::new(first.dir().join("second"));
    on(&s3)(&mut settings);
    settings.database_url = database::url(&first.dir().join("data"));
    let second = Assembled::open(settings, Clock::new(first.clock.clone())).await;
    let second = second.expect("the second server opens");
    let get = async |uploaded: &Value| {
        let request = Request::get(path(uploaded)).header("host", "localhost");
        let request = request.body(Body::empty()).expect("a request");
        let Ok(response) = second.router().oneshot(request).await;
        Answer::new(response)
    };
    let used = upload(&first, "used").await;
    let unused = upload(&first, "unused").await;
    assert_eq!(get(&used).await.text().await, "used");
    first
        .submit_with(&serde_json::json!({
            "binary_url": used["binary_url"],
            "binary_sha256": used["binary_sha256"],
        }))
        .await;
    for round in 0..20 {
        // Old enough for the sweep, were it not uploaded again: the row goes first, then its object.
        first.clock.advance_ms(DAY_MS + 1);
        let (_, swept) = tokio::join!(upload(&first, "busy"), second.retain());
        swept.expect("a sweep");
        let busy = upload(&first, "busy").await;
        assert_eq!(get(&busy).await.text().await, "busy", "round {round}");
    }
    get(&unused).await.refused(404).await;
    assert_eq!(get(&used).await.text().await, "used");
    assert_eq!(objects(&s3), 2, "the swept bytes are gone");
}
