//! Bodies as languages with one kind of number, and editors of other systems, write them.

use http::Method;
use serde_json::json;

use crate::test_server::{TestServer, bare, example, example_with};

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_point() {
    let server = TestServer::open().await;
    let text = example_with(&json!({"timeout_seconds": 30, "max_attempts": 3})).to_string();
    let text = text.replace(":30", ":30.0").replace(":3,", ":3e0,");
    assert!(text.contains("30.0") && text.contains("3e0"), "{text}");
    let answer = server.send(Method::POST, "/api/v1/jobs", text);
    let id = answer.json(201).await["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let job = server.job(&id).await;
    assert_eq!(
        (&job["timeout_seconds"], &job["max_attempts"]),
        (&json!(30), &json!(3))
    );
    server.claim("worker-1").await;
    let end = r#"{"executor_id": "worker-1", "exit_code": 0.0, "stdout": "o"}"#;
    let path = format!("/api/v1/jobs/{id}/complete");
    server.send(Method::PUT, &path, end).json(200).await;
    assert_eq!(server.job(&id).await["exit_code"], 0);
    // Within what is read with others together, too.
    let body =
        r#"{"playground": {"name": "n", "playspec_id": "none", "sleep_after_seconds": 60.0}}"#;
    let refused = server.send(Method::POST, "/api/playgrounds", body).await;
    let text = refused.text().await;
    assert!(!text.contains("sleep_after_seconds"), "{text}");
}

#[tokio::test]
async fn a_mark_of_the_byte_order_is_skipped() {
    let server = TestServer::open().await;
    for path in ["/api/v1/jobs", "/api/v1/jobs/bulk"] {
        let body = match path {
            "/api/v1/jobs" => example().to_string(),
            _ => json!([example()]).to_string(),
        };
        let marked = format!("\u{feff}{body}");
        server.send(Method::POST, path, marked).json(201).await;
    }
    let claim = format!("\u{feff}{}", bare("worker-1"));
    server
        .send(Method::POST, "/api/v1/jobs/claim", claim)
        .json(200)
        .await;
    let refused = server.send(Method::POST, "/api/v1/jobs", &b"\xff\xfe{\0}\0"[..]);
    let refused = refused.refused(400).await;
    assert_eq!(
        refused["error"],
        "malformed JSON: it is UTF-16, and must be UTF-8"
    );
}

#[tokio::test]
async fn retries_count_without_the_first_attempt() {
    let server = TestServer::open().await;
    for (retries, attempts) in [(0, 1), (4, 5)] {
        let id = server.submit_with(&json!({"max_retries": retries})).await;
        assert_eq!(server.job(&id).await["max_attempts"], attempts);
    }
    for (fields, message) in [
        (
            json!({"max_retries": 1000}),
            "max_retries must be from 0 to 999",
        ),
        (
            json!({"max_retries": 1, "max_attempts": 2}),
            "max_retries cannot stand beside max_attempts",
        ),
    ] {
        let refused = server
            .post("/api/v1/jobs", &example_with(&fields))
            .refused(400)
            .await;
        assert_eq!(refused["error"], message);
    }
}

#[tokio::test]
async fn a_key_may_have_the_time_of_its_end() {
    let server = TestServer::open().await;
    let key = json!({"name": "root", "role": "admin", "expires_at": "2024-02-01T00:00:00Z"});
    let made = server.post("/api/keys", &key).json(201).await;
    assert_eq!(made["expires_at"], "2024-02-01T00:00:00Z");
    let server = TestServer::open().await;
    for (fields, message) in [
        (
            json!({"expires_at": "2024-01-01T00:00:00Z"}),
            "expires_at must be in the future, within 3650 days",
        ),
        (
            json!({"expires_at": "2044-01-01T00:00:00Z"}),
            "expires_at must be in the future, within 3650 days",
        ),
        (
            json!({"expires_at": "2024-02-01T00:00:00Z", "expires_in_days": 1}),
            "expires_at cannot stand beside expires_in_days",
        ),
    ] {
        let mut key = json!({"name": "root", "role": "admin"});
        key.as_object_mut()
            .expect("an object")
            .extend(fields.as_object().expect("fields").clone());
        assert_eq!(server.post("/api/keys", &key).problem(400).await, message);
    }
}
