//! `POST /api/runs/{id}/parts` of plugin jobs: what fits a job, and who may report it.

use serde_json::{Value, json};

use super::{Work, progress, server, shown, take, taken};
use crate::{stream::Messages, test_server::example};

#[tokio::test]
async fn the_same_report_again_changes_nothing() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    for _ in 0..2 {
        let answer = work.started(&server, "one").await;
        assert_eq!(answer["signals"]["generation"], 0);
    }
    let report = work.report(&[
        work.part("one", "completed", 1, json!({"metric": {"n": 1}})),
        work.part("two", "started", 1, Value::Null),
    ]);
    for _ in 0..3 {
        work.send(&server, &report).json(200).await;
        server.clock.advance_ms(10);
    }
    let path = format!("/api/events?after=0&run_id={}", work.id);
    let events = Messages::of(server.get(&path).await).take(6).await;
    let types: Vec<&str> = events.iter().map(|event| &*event.event).collect();
    let expected = [
        "submitted",
        "ready",
        "started",
        "plugin_started",
        "plugin_completed",
        "plugin_started",
    ];
    assert_eq!(types, expected.map(|word| format!("plugin_job.{word}")));
    assert_eq!(events[4].data["data"]["metric"], json!({"n": 1}));
}

#[tokio::test]
async fn a_failed_try_and_a_summary_alone_are_events_without_a_plugin() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    work.started(&server, "one").await;
    work.tried(&server, "one", 1).await;
    work.completed(&server, "one", json!({"n": 1})).await;
    work.summary.insert("one".to_owned(), json!("all is well"));
    // The second report changes nothing.
    for _ in 0..2 {
        work.note(&server, &[]).await;
    }
    work.finish(&server, true, None).await;
    let path = format!("/api/events?after=2&run_id={}", work.id);
    let events = Messages::of(server.get(&path).await).take(6).await;
    let types: Vec<&str> = events.iter().map(|event| &*event.event).collect();
    let expected = [
        "started",
        "plugin_started",
        "checkpointed",
        "plugin_completed",
        "checkpointed",
        "completed",
    ];
    assert_eq!(types, expected.map(|word| format!("plugin_job.{word}")));
    let plain = json!({"name": "one two", "status": "running", "attempt": 1,
        "executor_id": "worker-1"});
    for place in [2, 4] {
        assert_eq!(events[place].data["data"], plain);
    }
}

#[tokio::test]
async fn what_does_not_fit_the_job_is_refused() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    work.completed(&server, "one", json!({})).await;
    work.started(&server, "two").await;
    let before = shown(&server, &work.id).await;
    let part = |plugin, stage, body| work.part(plugin, stage, 1, body);
    let with = |name: &str, value: Value| {
        let mut part = part("two", "completed", json!({"metric": {}}));
        part[name] = value;
        part
    };
    for refused in [
        part("one", "started", Value::Null),
        part("one", "completed", json!({"metric": {"n": 2}})),
        part("one", "failed", json!({"error": "no"})),
        part("two", "completed", Value::Null),
        part("two", "completed", json!({"error": "no"})),
        part("two", "completed", json!({"metric": {}, "logs": 7})),
        part("two", "failed", json!({"metric": {}})),
        part("two", "cancelled", Value::Null),
        part("two", "begun", Value::Null),
        with("number", json!(0)),
        with("number", json!(1)),
        with("number", json!(3)),
        with("name", json!("three")),
        with("name", json!("")),
        with("path", json!("one")),
        with("event", json!("e".repeat(20_000))),
        json!(7),
    ] {
        let report = work.report(std::slice::from_ref(&refused));
        let detail = work.send(&server, &report).problem(400).await;
        assert!(!detail.is_empty(), "{refused}");
    }
    assert_eq!(shown(&server, &work.id).await, before);
}

#[tokio::test]
async fn one_plugin_runs_at_a_time() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    work.started(&server, "one").await;
    let report = work.report(&[work.part("two", "started", 1, Value::Null)]);
    let detail = work.send(&server, &report).problem(400).await;
    assert!(detail.contains("`one` runs"), "{detail}");
    assert_eq!(progress(&server, &work.id).await["currentPlugin"], "one");
}

#[tokio::test]
async fn only_the_owner_of_the_lease_reports() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    let (token, part) = (work.token, work.part("one", "started", 1, Value::Null));
    for other in [0, -1, token + 1] {
        work.token = other;
        let report = work.report(std::slice::from_ref(&part));
        work.send(&server, &report).await.problem(404).await;
    }
    work.token = token;
    server.submit(&example()).await;
    let lease = server.claim("worker-1").await;
    let report = json!({"executor": "worker-1", "token": lease["lease_token"], "parts": [part]});
    let of_job = format!("/api/runs/{}/parts", lease["id"].as_str().expect("an id"));
    let detail = server.post(&of_job, &report).problem(400).await;
    assert!(detail.contains("a job has no such part"), "{detail}");
    for id in ["018cc4e5-2200-7000-8000-00000000ffff", "nonsense"] {
        let path = format!("/api/runs/{id}/parts");
        server.post(&path, &report).problem(404).await;
    }
    work.finish(&server, true, None).await;
    let report = work.report(&[part]);
    work.send(&server, &report).await.problem(404).await;
    assert_eq!(progress(&server, &work.id).await["status"], "completed");
}

#[tokio::test]
async fn a_long_error_is_cut_and_a_long_metric_is_in_the_job_only() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    let long = "\u{20ac}".repeat(100_000);
    work.failed(&server, "one", &long).await;
    work.completed(&server, "two", json!({"text": long})).await;
    work.finish(&server, false, None).await;
    let job = shown(&server, &work.id).await;
    let error = job["result"]["errors"][0]["message"]
        .as_str()
        .expect("a message");
    assert!(error.len() <= 16 * 1024 && long.starts_with(error));
    assert_eq!(job["result"]["metrics"][0]["two"]["text"], long.as_str());
    let path = format!("/api/events?after=0&run_id={}", work.id);
    let events = Messages::of(server.get(&path).await).take(6).await;
    assert!(
        events
            .iter()
            .all(|event| event.data.to_string().len() < 4_096)
    );
}

#[tokio::test]
async fn a_run_is_parked_by_the_owner_of_its_lease_unless_there_is_news() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    work.started(&server, "one").await;
    let path = format!("/api/runs/{}/park", work.id);
    let park = |wait_for: &str, more: Value| {
        let mut body =
            json!({"executor": work.executor, "token": work.token, "wait_for": wait_for});
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    for (wait_for, more, status) in [
        ("nothing", json!({}), 400),
        ("time", json!({}), 400),
        ("approval", json!({"on_timeout": "explode"}), 400),
        ("approval", json!({"token": work.token + 1}), 404),
        ("children", json!({}), 409),
    ] {
        server
            .post(&path, &park(wait_for, more))
            .problem(status)
            .await;
    }
    let timeout = park(
        "approval",
        json!({"timeout_ms": 5_000, "on_timeout": "fail"}),
    );
    assert_eq!(server.post(&path, &timeout).await.status, 204);
    assert_eq!(progress(&server, &work.id).await["status"], "queued");
    server.post(&path, &timeout).problem(404).await;
    server.clock.advance_ms(5_000);
    server.schedule().await;
    assert_eq!(progress(&server, &work.id).await["status"], "failed");
}

#[tokio::test]
async fn a_run_that_waited_for_a_time_goes_on_and_waits_no_more_after_a_cancel() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    let path = format!("/api/runs/{}/park", work.id);
    let park = |work: &Work| {
        json!({"executor": work.executor, "token": work.token, "wait_for": "time",
            "timeout_ms": 5_000})
    };
    assert_eq!(server.post(&path, &park(&work)).await.status, 204);
    // It holds no lease, and nothing of it is lost.
    server.clock.advance_ms(5_000);
    server.schedule().await;
    let next = take(&server, "worker-1").await;
    assert_eq!((&next.id, next.token), (&work.id, 2));
    let cancel = super::path(&next.id, "/cancel");
    server.post(&cancel, &json!(null)).json(200).await;
    server.post(&path, &park(&next)).problem(409).await;
}
