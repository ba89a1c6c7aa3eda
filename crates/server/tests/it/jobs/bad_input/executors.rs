//! Executors that say it wrong: those of the contract and our own.

use http::Method;
use serde_json::json;

use super::{Case, MIB, case, check};
use crate::test_server::{TestServer, example};

/// A server on which `worker-1` holds a job and another one waits.
async fn holding() -> (TestServer, String) {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    server.submit(&example()).await;
    let held = server.claim("worker-1").await["id"].clone();
    let held = held.as_str().expect("an id").to_owned();
    (server, held)
}

/// Bodies that are wrong, each with the field that is to blame.
fn wrong(method: &Method, path: &str, bodies: &[(&str, &str)]) -> Vec<Case> {
    let wrong = |(field, body): &(&str, &str)| {
        let start: String = body.chars().take(60).collect();
        case(&format!("{path}: {start}"), method.clone(), path, *body).field(field)
    };
    bodies.iter().map(wrong).collect()
}

/// Bodies whose `field` is one of these values, beside a good executor.
fn wrong_values(method: &Method, path: &str, field: &str, values: &[&str]) -> Vec<Case> {
    let wrong = |value: &&str| {
        let body = format!("{{\"executor_id\":\"worker-1\",\"{field}\":{value}}}");
        case(&format!("{path}: {body}"), method.clone(), path, body).field(field)
    };
    values.iter().map(wrong).collect()
}

const NUMBERS: [&str; 5] = ["\"1\"", "1.5", "9223372036854775808", "1e999", "[]"];

#[tokio::test]
async fn executors_that_do_not_say_who_they_are() {
    let (server, held) = holding().await;
    let long = json!({"executor_id": "x".repeat(10 * MIB)}).to_string();
    let longer = json!({"executor_id": "x".repeat(256)}).to_string();
    for (method, path) in [
        (Method::POST, "/api/v1/jobs/claim".to_owned()),
        (Method::PUT, format!("/api/v1/jobs/{held}/heartbeat")),
        (Method::PUT, format!("/api/v1/jobs/{held}/complete")),
        (Method::PUT, format!("/api/v1/jobs/{held}/fail")),
    ] {
        let bodies = [
            ("executor_id", "{}"),
            ("executor_id", r#"{"executor_id":null}"#),
            ("executor_id", r#"{"executor_id":5}"#),
            ("executor_id", r#"{"executor_id":""}"#),
            ("executor_id", r#"{"executor_id":"a\u0000"}"#),
            ("executor_id", r#"{"executor_id":"a\nb"}"#),
            ("executor_id", r#"{"executor_id":"a","executor_id":"a"}"#),
            ("executor_id", &long),
            ("executor_id", &longer),
            ("body", "[1]"),
            ("body", r#"["worker-1", "192.0.2.7"]"#),
        ];
        check(&server, wrong(&method, &path, &bodies)).await;
    }
    assert_eq!(server.status(&held).await, "running");
}

#[tokio::test]
async fn claims() {
    let (server, _) = holding().await;
    let (method, path) = (Method::POST, "/api/v1/jobs/claim");
    let long = json!("1".repeat(256)).to_string();
    let ips = ["5", "\"\\u0000\"", &long];
    check(&server, wrong_values(&method, path, "executor_ip", &ips)).await;
    let waits = ["-1", "61", "1e300", "1e999", "\"5\"", "true"];
    check(&server, wrong_values(&method, path, "wait_seconds", &waits)).await;
    let most = ["0", "-1", "1001", "4294967296", "1.5", "1e999", "\"5\""];
    check(&server, wrong_values(&method, path, "max", &most)).await;
}

#[tokio::test]
async fn heartbeats_and_reports() {
    let (server, held) = holding().await;
    for (method, verb) in [
        (Method::PUT, "heartbeat"),
        (Method::PUT, "complete"),
        (Method::PUT, "fail"),
    ] {
        let path = format!("/api/v1/jobs/{held}/{verb}");
        check(
            &server,
            wrong_values(&method, &path, "lease_token", &NUMBERS),
        )
        .await;
        if !matches!(verb, "complete" | "fail") {
            continue;
        }
        check(&server, wrong_values(&method, &path, "exit_code", &NUMBERS)).await;
        for field in ["stdout", "stderr", "error_message"] {
            check(
                &server,
                wrong_values(&method, &path, field, &["[104,105]", "5"]),
            )
            .await;
        }
        check(
            &server,
            wrong_values(&method, &path, "timed_out", &["1", "\"true\""]),
        )
        .await;
    }
    assert_eq!(server.status(&held).await, "running");
}

#[tokio::test]
async fn registrations_and_batches() {
    let server = TestServer::open().await;
    let slots = r#"{"slots":-1,"version":"1","isolation":"none"}"#;
    let ip = r#"{"slots":1,"version":"1","isolation":"none","executor_ip":"\u0000"}"#;
    let bodies = [
        ("slots", slots),
        ("executor_ip", ip),
        ("version", r#"{"slots":1}"#),
    ];
    check(&server, wrong(&Method::PUT, "/api/executors/w", &bodies)).await;
    let (name, part) = ("x".repeat(256), "x".repeat(1_025));
    let large = [
        ("slots", json!(10_001)),
        ("version", json!(name)),
        ("version", json!("")),
        ("isolation", json!(name)),
        ("isolation", json!("a\nb")),
        ("executor_ip", json!(name)),
        ("isolation_missing", json!(vec![""; 65])),
        ("isolation_missing[1]", json!(["", part])),
    ];
    let large = large.map(|(field, value)| {
        let mut body = json!({"slots": 1, "version": "1", "isolation": "none"});
        let key = field.split('[').next().expect("a name");
        body[key] = value;
        (field, body.to_string())
    });
    let large = large
        .each_ref()
        .map(|(field, body)| (*field, body.as_str()));
    check(&server, wrong(&Method::PUT, "/api/executors/w", &large)).await;
    let bodies = [
        ("wait_seconds", r#"{"leases":[],"wait_seconds":-1}"#),
        ("wait_seconds", r#"{"leases":[],"wait_seconds":1e999}"#),
        ("leases", r#"{"leases":5}"#),
        ("leases", "{}"),
        ("leases[0].token", r#"{"leases":[{"run_id":"x"}]}"#),
    ];
    check(
        &server,
        wrong(&Method::POST, "/api/executors/w/leases", &bodies),
    )
    .await;
    let bodies = [
        ("results", r#"{"results":5}"#),
        ("results[0].token", r#"{"results":[{"run_id":"x"}]}"#),
        (
            "results[0].outcome",
            r#"{"results":[{"run_id":"x","token":1,"outcome":"lost"}]}"#,
        ),
        ("claim.kinds", r#"{"claim":{}}"#),
    ];
    check(
        &server,
        wrong(&Method::POST, "/api/executors/w/exchange", &bodies),
    )
    .await;
}

#[tokio::test]
async fn names_in_the_path() {
    let server = TestServer::open().await;
    let registration = r#"{"slots":1,"version":"1","isolation":"none"}"#;
    for name in ["%00", "a%0Ab", "%FF", &"x".repeat(300)] {
        let path = format!("/api/executors/{name}");
        let mut cases = wrong(&Method::PUT, &path, &[("executor", registration)]);
        for (verb, body) in [
            ("leases", r#"{"leases":[]}"#),
            ("exchange", r#"{"results":[]}"#),
        ] {
            let path = format!("{path}/{verb}");
            cases.extend(wrong(&Method::POST, &path, &[("executor", body)]));
        }
        check(&server, cases).await;
    }
}

#[tokio::test]
async fn output() {
    let (server, held) = holding().await;
    let mut cases = vec![];
    for (query, field) in [
        ("offset=0&executor=w&token=1", "stream"),
        ("stream=both&offset=0&executor=w&token=1", "stream"),
        ("stream=stdout&executor=w&token=1", "offset"),
        ("stream=stdout&offset=-1&executor=w&token=1", "offset"),
        (
            "stream=stdout&offset=18446744073709551615&executor=w&token=1",
            "offset",
        ),
        (
            "stream=stdout&offset=9223372036854775807&executor=w&token=1",
            "offset",
        ),
        ("stream=stdout&offset=0&token=1", "executor"),
        ("stream=stdout&offset=0&executor=&token=1", "executor"),
        ("stream=stdout&offset=0&executor=w", "token"),
        ("stream=stdout&offset=0&executor=w&token=x", "token"),
    ] {
        let path = format!("/api/runs/{held}/output?{query}");
        cases.push(case(query, Method::POST, &path, "text").field(field));
    }
    check(&server, cases).await;
}
