//! `POST /jobs` and `GET /jobs/{id}`.

use insta::assert_snapshot;
use serde_json::json;

use crate::{
    access::{Keyed, text},
    test_server::{SHA256, TestServer, example, example_with, smallest},
};

#[tokio::test]
async fn a_job_is_accepted_and_found() {
    let server = TestServer::open().await;
    let answer = server.post("/api/v1/jobs", &example()).await;
    assert_snapshot!("accepted", answer.shown().await);
    let found = server
        .get("/api/v1/jobs/018cc4e5-2200-7000-8000-000000000001")
        .await;
    assert_snapshot!("pending", found.shown().await);
}

#[tokio::test]
async fn the_smallest_job_has_every_documented_field() {
    let server = TestServer::open().await;
    let id = server.submit(&smallest()).await;
    assert_snapshot!(server.job_shown(&id).await);
}

#[tokio::test]
async fn a_job_with_every_addition_shows_them() {
    let server = TestServer::open().await;
    let job = json!({
        "type": "data-processing",
        "binary_url": "http://example.com/binary?version=1",
        "binary_sha256": SHA256.to_uppercase(),
        "arguments": ["", "two words", "\u{20AC} \"quoted\" \\ \n"],
        "env_variables": {"EMPTY": "", "with space": "a=b"},
        "priority": "best_effort",
        "timeout_seconds": 60,
        "max_attempts": 5,
        "retry": {"initial_seconds": 2, "max_seconds": 60.5},
        "not_before": "2024-01-01T14:30:00.250+02:00",
        "labels": {"team": "blue", "empty": ""},
        "another's own": "is ignored",
    });
    let id = server.submit(&job).await;
    assert_snapshot!(server.job_shown(&id).await);
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    let server = TestServer::open().await;
    let request = http::Request::post("/api/v1/jobs").header("content-type", "text/plain");
    let request = request
        .body(example().to_string().into())
        .expect("a request");
    assert_eq!(server.request(request).await.status, 201);
}

#[tokio::test]
async fn ids_rise_with_time() {
    let server = TestServer::open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(server.submit(&example()).await);
        server.clock.advance_ms(1);
    }
    assert!(ids.is_sorted(), "{ids:?}");
}

#[tokio::test]
async fn a_secret_variable_is_told_to_the_executor_alone() {
    let keyed = Keyed::open().await;
    let (user, reader) = (
        keyed.key("ci", "user").await,
        keyed.key("eyes", "readonly").await,
    );
    let env = json!({"TOKEN": {"secret": "tell-nobody"}, "PLAIN": "seen"});
    let headers = json!({"Authorization": {"secret": "Bearer tell-nobody"}, "Accept": "seen"});
    let job = example_with(&json!({"env_variables": env, "binary_headers": headers}));
    let one = keyed.post(&user, "/api/v1/jobs", &job).json(201).await;
    keyed
        .post(&user, "/api/v1/jobs/bulk", &json!([job]))
        .json(201)
        .await;
    let path = format!("/api/v1/jobs/{}", text(&one["id"]));
    let shown = keyed.get(&user, &path).json(200).await;
    assert_eq!(
        shown["env_variables"],
        json!({"TOKEN": "***", "PLAIN": "seen"})
    );
    assert_eq!(
        shown["binary_headers"],
        json!({"Authorization": "***", "Accept": "seen"})
    );
    // Who cannot write jobs sees no values at all.
    let shown = keyed.get(&reader, &path).json(200).await;
    assert_eq!(
        shown["env_variables"],
        json!({"TOKEN": "***", "PLAIN": "***"})
    );
    assert_eq!(
        shown["binary_headers"],
        json!({"Authorization": "***", "Accept": "***"})
    );
    let exchange = json!({"results": [], "claim": {"kinds": ["job"], "wait_seconds": 1, "max": 2}});
    let claimed = keyed
        .post(&keyed.admin, "/api/executors/worker-1/exchange", &exchange)
        .json(200)
        .await;
    assert_eq!(
        claimed.to_string().matches("tell-nobody").count(),
        8,
        "{claimed}"
    );
    for path in ["/api/audit", "/api/runs"] {
        let answer = keyed.get(&keyed.admin, path).await.text().await;
        assert!(!answer.contains("tell-nobody"), "{path}");
    }
    for entry in std::fs::read_dir(keyed.server.dir().join("data")).expect("the data directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            let found = bytes.windows(11).any(|part| part == b"tell-nobody");
            assert!(!found, "the secret stands in {}", path.display());
        }
    }
    for wrong in [
        json!({"secret": 1}),
        json!({"secret": "a", "b": 1}),
        json!({}),
        json!(["a"]),
    ] {
        let job = example_with(&json!({"env_variables": {"A": wrong}}));
        let refused = keyed.post(&user, "/api/v1/jobs", &job).json(400).await;
        assert!(refused["error"].is_string(), "{refused}");
    }
}

#[tokio::test]
async fn headers_and_names_of_a_program_are_checked_and_no_value_is_told() {
    let server = TestServer::open().await;
    for (more, field) in [
        (json!({"program_name": "a/b"}), "program_name"),
        (json!({"program_name": ".."}), "program_name"),
        (json!({"program_name": ""}), "program_name"),
        (
            json!({"binary_headers": {"a b": "tell-nobody"}}),
            "binary_headers.a b",
        ),
        (
            json!({"binary_headers": {"Host": "tell-nobody"}}),
            "binary_headers.Host",
        ),
        (
            json!({"binary_headers": {"X": {"secret": "tell-nobody\n"}}}),
            "binary_headers.X",
        ),
    ] {
        let refused = server.post("/api/v1/jobs", &example_with(&more)).await;
        let refused = refused.json(400).await;
        assert_eq!(refused["context"]["field"], field, "{refused}");
        assert!(!refused.to_string().contains("tell-nobody"), "{refused}");
    }
    let job = example_with(&json!({"program_name": "tool", "binary_headers": {"X": "y"}}));
    let id = server.submit(&job).await;
    let shown = server
        .get(&format!("/api/v1/jobs/{id}"))
        .await
        .json(200)
        .await;
    assert_eq!(shown["program_name"], "tool");
    assert_eq!(shown["binary_headers"], json!({"X": "y"}));
}
