//! Bulk requests with something wrong in them.

use http::Method;
use serde_json::json;

use super::{case, check, short};
use crate::test_server::{TestServer, bare, example, example_with};

#[tokio::test]
async fn bulk_requests() {
    let server = TestServer::open().await;
    server.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    let bulk = |name: &str, body: String| case(name, Method::POST, "/api/v1/jobs/bulk", body);
    let cancel =
        |name: &str, body: String| case(name, Method::POST, "/api/v1/jobs/bulk/cancel", body);
    let too_many: Vec<String> = (0..10_001).map(|_| "x".to_owned()).collect();
    check(
        &server,
        vec![
            bulk("empty", "[]".to_owned()).field("body"),
            bulk("one job alone", example().to_string()).field("body"),
            bulk("wrapped", json!({"jobs": [example()]}).to_string()).field("body"),
            bulk("null", json!([null]).to_string()).field("body"),
            bulk(
                "bad env",
                json!([example(), example_with(&json!({"env_variables": {"": ""}}))]).to_string(),
            )
            .field("env_variables"),
            bulk(
                "bad argument",
                json!([example_with(&json!({"arguments": ["\0"]}))]).to_string(),
            )
            .field("arguments[0]"),
            cancel("no list", "{}".to_owned()).field("job_ids"),
            cancel("an array", "[[]]".to_owned()).field("body"),
            cancel("numbers", json!({"job_ids": [5]}).to_string()).field("job_ids[0]"),
            cancel("too many", json!({"job_ids": too_many}).to_string()).field("job_ids"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_bad_item_of_a_bulk_is_named_by_its_index() {
    let server = TestServer::open().await;
    for (index, field, value) in [
        (0, "type", json!("two words")),
        (7, "priority", json!(null)),
        (99, "binary_sha256", json!("abc")),
        (50, "env_variables", json!({"=": ""})),
    ] {
        let mut jobs = vec![example(); 100];
        jobs[index][field] = value;
        let refused = server
            .post("/api/v1/jobs/bulk", &json!(jobs))
            .refused(400)
            .await;
        assert_eq!(refused["context"]["index"], index, "{}", short(&refused));
        assert_eq!(refused["context"]["field"], field, "{}", short(&refused));
    }
    assert_eq!(server.stats().await["jobs_by_status"]["pending"], 0);
}
