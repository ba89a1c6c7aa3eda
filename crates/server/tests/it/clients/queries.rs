//! Parameters that a route does not have.

use serde_json::json;

use crate::test_server::{TestServer, example};

#[tokio::test]
async fn our_own_routes_refuse_parameters_that_they_do_not_have() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    for (path, message) in [
        (
            "/api/runs?state=failed".to_owned(),
            "state is not a parameter of this route: did you mean status?",
        ),
        (
            "/api/runs?limti=1".to_owned(),
            "limti is not a parameter of this route: did you mean limit?",
        ),
        (
            format!("/api/runs/{id}/parts?x=1"),
            "x is not a parameter of this route: it has after, limit",
        ),
        (
            format!("/api/runs/{id}?verbose"),
            "verbose is not a parameter of this route: it has none",
        ),
    ] {
        assert_eq!(server.get(&path).problem(400).await, message);
    }
    for path in [
        "/api/runs?status=failed&label=a=b&label=c=d".to_owned(),
        format!("/api/runs/{id}?"),
        "/api/events?kind=job&types=job.*".to_owned(),
        "/livez?verbose".to_owned(),
        // The contracts leave it open.
        "/api/v1/jobs?state=failed".to_owned(),
        "/playground/jobs?state=failed".to_owned(),
        "/api/playgrounds?state=failed".to_owned(),
        "/api/executions?state=failed".to_owned(),
    ] {
        assert_eq!(server.get(&path).status().await, 200, "{path}");
    }
}

#[tokio::test]
async fn a_look_at_a_plugin_job_may_wait_for_its_end() {
    let server = TestServer::open().await;
    crate::plugin_jobs::register(&server, "worker-1", &[crate::plugin_jobs::plugin("one", 1)])
        .await;
    let job = server
        .post("/playground/jobs", &json!({"input": {"data": "text"}}))
        .json(200)
        .await;
    let path = format!("/playground/jobs/{}", job["id"].as_str().expect("an id"));
    let look = async {
        let waiting = server.get(&format!("{path}?wait=60"));
        waiting.json(200).await["progress"]["status"].clone()
    };
    let cancel = async {
        server
            .post(&format!("{path}/cancel"), &json!(null))
            .json(200)
            .await
    };
    let (status, _) = tokio::join!(look, cancel);
    assert_eq!(status, "failed", "it answers when the job has ended");
    let headers = [("prefer", "wait=600")];
    let answer = server
        .with_headers(http::Method::GET, &path, &headers, "")
        .await;
    assert_eq!(answer.headers["preference-applied"], "wait=60");
    let refused = server.get(&format!("{path}?wait=61")).json(400).await;
    assert_eq!(
        refused,
        json!({"error": "wait must be from 0 to 60 seconds"})
    );
}
