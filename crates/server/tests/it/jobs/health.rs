//! `GET /health` and `GET /metrics`.

use axum::{body::Body, extract::Request};
use insta::assert_snapshot;

use crate::test_server::{TestServer, example};

#[tokio::test]
async fn health_says_that_the_database_is_connected() {
    let server = TestServer::open().await;
    assert_snapshot!(server.get("/api/v1/health").shown().await);
}

#[tokio::test]
async fn who_asks_for_open_metrics_is_told_that_they_are() {
    let server = TestServer::open().await;
    // As Prometheus asks.
    let accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5";
    let request = Request::get("/api/v1/metrics").header("accept", accept);
    let answer = server
        .request(request.body(Body::empty()).expect("a request"))
        .await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.headers["content-type"], kind);
    assert!(answer.text().await.ends_with("# EOF\n"));
}

#[tokio::test]
async fn metrics_are_prometheus_text_that_counts_jobs() {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    let answer = server.get("/api/v1/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.headers["content-type"], kind);
    let text = answer.text().await;
    let mut described = std::collections::BTreeSet::new();
    let mut samples = 0;
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.split(' ');
            if words.next() == Some("TYPE") {
                assert!(
                    described.insert(words.next().map(str::to_owned)),
                    "twice: {line}"
                );
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("name and value");
        assert!(name.starts_with("playhouse_"), "{line}");
        value
            .parse::<f64>()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        samples += 1;
    }
    assert!(described.len() > 3 && samples > 5, "{text}");
    let pending = text
        .lines()
        .find(|line| line.contains("status=\"pending\"") || line.contains("status=\"queued\""))
        .unwrap_or_else(|| panic!("no count of pending jobs: {text}"));
    assert!(pending.ends_with(" 1"), "{pending}");
}

#[tokio::test]
async fn metrics_follow_a_job_through_its_life() {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    server.clock.advance_ms(2_000);
    let job = server.claim("worker-1").await;
    server.clock.advance_ms(30_000);
    let id = job["id"].as_str().expect("an id");
    let path = format!("/api/v1/jobs/{id}/complete");
    let report = serde_json::json!({"executor_id": "worker-1", "stdout": "", "stderr": ""});
    assert_eq!(server.put(&path, &report).await.status, 200);
    // A repetition ends nothing.
    server.put(&path, &report).await;
    // All unknown names are one series.
    for (method, path) in [("BREW", "/coffee"), ("STEEP", "/tea")] {
        let method = method.parse().expect("a method");
        assert_eq!(server.send(method, path, "").await.status, 404);
    }
    let text = server.get("/api/v1/metrics").await.text().await;
    for line in [
        "run_wait_seconds_sum{kind=\"job\",priority=\"background\"} 2.0",
        "run_wait_seconds_count{kind=\"job\",priority=\"background\"} 1",
        "run_duration_seconds_sum{kind=\"job\",status=\"completed\",priority=\"background\"} 30.0",
        "run_duration_seconds_count{kind=\"job\",status=\"completed\",priority=\"background\"} 1",
        "run_events_total{kind=\"job\",event=\"submitted\"} 1",
        "run_events_total{kind=\"job\",event=\"started\"} 1",
        "run_events_total{kind=\"job\",event=\"completed\"} 1",
        "http_requests_total{method=\"POST\",route=\"/api/v1/jobs\",status=\"201\"} 1",
        "http_request_seconds_count{method=\"PUT\",route=\"/api/v1/jobs/{id}/complete\"} 2",
        "http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 2",
        "runs{kind=\"job\",status=\"completed\",priority=\"background\"} 1",
    ] {
        let line = format!("playhouse_{line}");
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("playhouse_commit_seconds_count"), "{text}");
}

#[tokio::test]
async fn the_probes_say_that_it_lives_and_is_ready() {
    let server = TestServer::open().await;
    for path in ["/livez", "/readyz"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.text().await.as_str(), "ok\n");
    }
}
