//! Numbers that no reader of 64 bits can hold: each digit arrives.

use http::Method;
use serde_json::json;

use super::{JOBS, path, server, start};
use crate::test_server::TestServer;

const DIGITS: [&str; 4] = [
    "123456789012345678901234567890",
    "0.1000000000000000055511151231257827",
    "1.0",
    "-0.0",
];

#[tokio::test]
async fn inputs_metrics_and_what_plugins_leave_arrive_as_they_were_written() {
    let server = server().await;
    let numbers = DIGITS.join(",");
    let body =
        format!("{{\"input\": {{ \"z\": [{numbers}], \"a\":\n1 }}, \"plugins\": [\"one\"]}}");
    let created = server.send(Method::POST, JOBS, body).await.text().await;
    // In the order of the caller, too.
    let input = format!("\"input\":{{\"z\":[{numbers}],\"a\":1}}");
    assert!(created.contains(&input), "{created}");
    let job: serde_json::Value = serde_json::from_str(&created).expect("JSON");
    let id = job["id"].as_str().expect("an id").to_owned();
    start(&server, &id).await;
    let claim = json!({"claim": {"kinds": ["plugin_job"]}});
    let claimed = server
        .post("/api/executors/worker-1/exchange", &claim)
        .await
        .text()
        .await;
    assert!(claimed.contains(&input), "{claimed}");
    let lease: serde_json::Value = serde_json::from_str(&claimed).expect("JSON");
    let token = lease["runs"][0]["token"].as_i64().expect("a token");
    let report = |parts: &str, state: &str| {
        let body = format!(
            "{{\"executor\": \"worker-1\", \"token\": {token}, \"parts\": [{parts}], \"state\": {state}}}"
        );
        server.send(Method::POST, &format!("/api/runs/{id}/parts"), body)
    };
    let begun = "{\"number\": 1, \"name\": \"one\", \"stage\": \"started\", \"tries\": 1}";
    report(begun, "null").json(200).await;
    let ended = format!(
        "{{\"number\": 1, \"name\": \"one\", \"stage\": \"completed\", \"tries\": 1, \
         \"body\": {{\"metric\": {{\"n\": [{numbers}]}}, \"took_ms\": 1.0}}}}"
    );
    let state = format!(
        "{{\"output\": [{numbers}], \"storage\": {{\"k\": [{numbers}]}}, \"summary\": {{\"one\": [{numbers}]}}}}"
    );
    report(&ended, &state).json(200).await;
    // Another attempt goes on with the same.
    super::lose(&server).await;
    let again = server
        .post("/api/executors/worker-1/exchange", &claim)
        .await
        .text()
        .await;
    for kept in ["output", "k"] {
        assert!(
            again.contains(&format!("\"{kept}\":[{numbers}]")),
            "{again}"
        );
    }
    let lease: serde_json::Value = serde_json::from_str(&again).expect("JSON");
    let token = lease["runs"][0]["token"].as_i64().expect("a token");
    let result = json!({"run_id": id, "token": token, "outcome": "completed"});
    let finish = json!({"results": [result]});
    server
        .post("/api/executors/worker-1/exchange", &finish)
        .json(200)
        .await;
    shows(&server, &id, &numbers).await;
}

/// The job, its events and the log show these numbers.
async fn shows(server: &TestServer, id: &str, numbers: &str) {
    let job = server.get(&path(id, "")).await.text().await;
    let metric = format!("\"metrics\":[{{\"one\":{{\"n\":[{numbers}]}}}}]");
    assert!(job.contains(&metric), "{job}");
    assert!(
        job.contains(&format!("\"summary\":{{\"one\":[{numbers}]}}")),
        "{job}"
    );
    let events = server.get(&path(id, "/events")).await.text().await;
    assert!(
        events.contains(&format!("\"metrics\":{{\"n\":[{numbers}]}}")),
        "{events}"
    );
    let logged = server
        .get(&format!("/api/events?after=0&run_id={id}"))
        .await;
    let logged = crate::stream::Messages::of(logged)
        .text_until("plugin_job.completed")
        .await;
    assert!(
        logged.contains(&format!("\"metric\":{{\"n\":[{numbers}]}}")),
        "{logged}"
    );
}

#[tokio::test]
async fn what_no_reader_takes_is_refused() {
    let server = server().await;
    for input in ["1e999", "\"\\ud800\"", "{\"a\": [\"\\udc00\"]}"] {
        let body = format!("{{\"input\": {input}}}");
        let refused = server.send(Method::POST, JOBS, body).json(400).await;
        let error = refused["error"].as_str().expect("an error");
        assert!(error.starts_with("input "), "{error}");
    }
}

#[tokio::test]
async fn a_job_that_takes_the_slow_way_is_the_same() {
    let server = server().await;
    let body = "{\"input\": [123456789012345678901, 2.50, \"é\"], \"timeout\": 1000.0}";
    let created = server.send(Method::POST, JOBS, body).await.text().await;
    assert!(
        created.contains("\"input\":[123456789012345678901,2.50,\"é\"]"),
        "{created}"
    );
    assert!(created.contains("\"timeout\":1000,"), "{created}");
}
