//! What runs print, and what happens to them.

use serde_json::json;

use super::filled;
use crate::stream::Messages;

#[tokio::test]
async fn output_and_events_of_a_run_are_those_of_its_contract() {
    let (server, [.., id]) = filled().await;
    let path = format!("/api/runs/{id}/output?stream=stdout&offset=0&executor=worker-1&token=1");
    let sent = server.send(http::Method::POST, &path, "hello\n").await;
    assert_eq!(sent.status, 204);
    let logs = format!("/api/runs/{id}/logs");
    assert_eq!(server.get(&logs).await.text().await, "hello\n");
    assert_eq!(
        server
            .get(&format!("{logs}?stream=stderr"))
            .await
            .text()
            .await,
        ""
    );
    assert_eq!(server.get(&format!("{logs}?stream=all")).await.status, 400);
    let end = json!({"executor_id": "worker-1", "stdout": "hello\n", "exit_code": 0});
    let end = server
        .put(&format!("/api/v1/jobs/{id}/complete"), &end)
        .await;
    end.json(200).await;
    let of_job = server
        .get(&format!("/api/v1/jobs/{id}/logs?follow=1"))
        .await;
    let of_run = server.get(&format!("{logs}?follow=1")).await.text().await;
    assert_eq!(of_run, of_job.text().await);
    assert!(of_run.contains("event: end"), "{of_run}");

    let events = server.get(&format!("/api/runs/{id}/events")).await;
    let events = Messages::of(events).take(3).await;
    let events: Vec<_> = events.iter().map(|event| &*event.event).collect();
    assert_eq!(events, ["job.submitted", "job.started", "job.completed"]);
    let types = format!("/api/runs/{id}/events?types=*.completed");
    let events = Messages::of(server.get(&types).await).take(1).await;
    assert_eq!(events[0].event, "job.completed");
    let negative = server.get(&format!("/api/runs/{id}/events?after=-1")).await;
    assert_eq!(negative.status, 400);
}
