//! `GET /jobs`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::test_server::{TestServer, example_with};

/// Five pending jobs of several kinds, one of them running.
async fn filled() -> TestServer {
    let server = TestServer::open().await;
    for (job_type, priority) in [
        ("first", "foreground"),
        ("second", "background"),
        ("second", "foreground"),
        ("third", "best_effort"),
        ("third", "background"),
    ] {
        server
            .submit_with(&json!({"type": job_type, "priority": priority}))
            .await;
        server.clock.advance_ms(1_000);
    }
    server.claim("worker-1-abc123").await;
    server
}

async fn types(server: &TestServer, query: &str) -> Vec<String> {
    let jobs = server.get(&format!("/api/v1/jobs?{query}")).json(200).await;
    let jobs: Vec<Value> = serde_json::from_value(jobs).expect("an array");
    let id = |job: &Value| job["id"].as_str().map(|id| id[35..].to_owned());
    jobs.iter().filter_map(id).collect()
}

#[tokio::test]
async fn lists_newest_first() {
    let server = filled().await;
    assert_snapshot!(server.get("/api/v1/jobs").shown().await);
}

#[tokio::test]
async fn an_empty_queue_is_an_empty_array() {
    let server = TestServer::open().await;
    assert_snapshot!(server.get("/api/v1/jobs").shown().await);
}

#[tokio::test]
async fn every_filter_narrows_and_they_combine() {
    let server = filled().await;
    assert_eq!(types(&server, "status=pending").await, ["5", "4", "3", "2"]);
    assert_eq!(types(&server, "status=running").await, ["1"]);
    assert_eq!(types(&server, "status=completed").await, [""; 0]);
    assert_eq!(types(&server, "type=second").await, ["3", "2"]);
    assert_eq!(types(&server, "priority=background").await, ["5", "2"]);
    assert_eq!(
        types(&server, "type=third&priority=background&status=pending").await,
        ["5"]
    );
    assert_eq!(types(&server, "type=nothing").await, [""; 0]);
}

#[tokio::test]
async fn pages_follow_the_link_to_the_end_without_loss_or_repetition() {
    let server = filled().await;
    for filter in ["", "status=pending&", "priority=background&"] {
        let whole = types(&server, filter.trim_end_matches('&')).await;
        let mut path = format!("/api/v1/jobs?{filter}limit=2");
        let mut seen = Vec::new();
        loop {
            let answer = server.get(&path).await;
            let link = answer.headers.get("link").cloned();
            let page = answer.json(200).await;
            for job in page.as_array().expect("an array") {
                seen.push(job["id"].as_str().expect("an id")[35..].to_owned());
            }
            let Some(link) = link else { break };
            let link = link.to_str().expect("text");
            let (next, rel) = link.split_once(">; ").expect("a link and its relation");
            assert_eq!(rel, "rel=\"next\"");
            next.trim_start_matches('<').clone_into(&mut path);
        }
        assert_eq!(seen, whole, "{filter}");
    }
}

#[tokio::test]
async fn scheduled_and_queued_jobs_are_both_pending_in_one_order() {
    let server = filled().await;
    let later = json!({"not_before": "2024-01-02T00:00:00Z"});
    server.submit_with(&later).await;
    server.submit_with(&json!({})).await;
    assert_eq!(
        types(&server, "status=pending").await,
        ["7", "6", "5", "4", "3", "2"]
    );
    assert_eq!(
        types(&server, "status=pending&limit=2&offset=1").await,
        ["6", "5"]
    );
    assert_eq!(types(&server, "status=pending&offset=6").await, [""; 0]);
}

#[tokio::test]
async fn a_limit_above_the_maximum_is_the_maximum_and_the_default_is_100() {
    let server = TestServer::open().await;
    let jobs: Vec<Value> = (0..1_001).map(|_| example_with(&json!({}))).collect();
    server
        .post("/api/v1/jobs/bulk", &jobs.into())
        .json(201)
        .await;
    assert_eq!(types(&server, "").await.len(), 100);
    assert_eq!(types(&server, "limit=1000000").await.len(), 1_000);
    assert_eq!(types(&server, "limit=1000&offset=1000").await.len(), 1);
    assert_eq!(types(&server, "offset=9223372036854775807").await.len(), 0);
    assert_eq!(
        types(&server, "status=pending&offset=9223372036854775807")
            .await
            .len(),
        0
    );
}
