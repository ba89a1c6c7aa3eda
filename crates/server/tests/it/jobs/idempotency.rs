//! The `Idempotency-Key` header.

use http::Request;
use serde_json::{Value, json};

use crate::{
    answer::Call,
    test_server::{TestServer, bare, example, example_with},
};

fn submit<'a>(server: &'a TestServer, path: &str, key: &[u8], body: &Value) -> Call<'a> {
    let request = Request::post(path).header("idempotency-key", key);
    server.request(request.body(body.to_string().into()).expect("a request"))
}

#[tokio::test]
async fn the_same_key_and_body_answer_the_same_and_make_no_second_job() {
    let server = TestServer::open().await;
    let first = submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    server.clock.advance_ms(3_600_000);
    server.claim("worker-1").await;
    let again = submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    assert_eq!(again, first);
    let other = submit(&server, "/api/v1/jobs", b"key-2", &example())
        .json(201)
        .await;
    assert_ne!(other["id"], first["id"]);
    let listed = server.get("/api/v1/jobs").json(200).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let server = TestServer::open().await;
    submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    let before = server.stats().await;
    let other = example_with(&json!({"arguments": ["other"]}));
    let refused = submit(&server, "/api/v1/jobs", b"key-1", &other).await;
    insta::assert_snapshot!(refused.shown().await);
    assert_eq!(server.stats().await, before);
}

#[tokio::test]
async fn a_refused_submit_does_not_use_the_key_up() {
    let server = TestServer::open().await;
    let bad = example_with(&json!({"type": "two words"}));
    submit(&server, "/api/v1/jobs", b"key-1", &bad)
        .refused(400)
        .await;
    submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
}

#[tokio::test]
async fn a_bulk_submit_takes_a_key_too() {
    let server = TestServer::open().await;
    let jobs = json!([example(), example()]);
    let first = submit(&server, "/api/v1/jobs/bulk", b"key-1", &jobs)
        .json(201)
        .await;
    let again = submit(&server, "/api/v1/jobs/bulk", b"key-1", &jobs)
        .json(201)
        .await;
    assert_eq!(again, first);
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 2);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let server = TestServer::open().await;
    let first = submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    server.clock.advance_ms(24 * 3_600_000);
    server.server.retain().await.expect("a tick");
    let again = submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    assert_eq!(again, first);
    server.clock.advance_ms(1);
    server.server.retain().await.expect("a tick");
    let later = submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    assert_ne!(later["id"], first["id"]);
}

#[tokio::test]
async fn a_repetition_is_answered_though_the_job_was_deleted_meanwhile() {
    let server =
        TestServer::with(|settings| settings.retention = std::time::Duration::from_secs(60)).await;
    let first = submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    server.claim("worker-1").await;
    let id = first["id"].as_str().expect("an id");
    server
        .put_job(id, "complete", &bare("worker-1"))
        .json(200)
        .await;
    server.clock.advance_ms(3_600_000);
    assert_eq!(server.server.retain().await.expect("a tick"), 1);
    server.get(&format!("/api/v1/jobs/{id}")).refused(404).await;
    let again = submit(&server, "/api/v1/jobs", b"key-1", &example())
        .json(201)
        .await;
    assert_eq!(again, first);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let server = TestServer::open().await;
    for key in [&b""[..], b"  ", b"\xFF\xFE", &[b'x'; 256]] {
        let refused = submit(&server, "/api/v1/jobs", key, &example())
            .refused(400)
            .await;
        assert_eq!(refused["context"]["field"], "Idempotency-Key", "{key:?}");
    }
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 0);
}
