//! `PUT /api/runs/{id}/progress`: what may stand after what, and who may say it.

use serde_json::{Value, json};

use super::{progress, server, shown, taken};
use crate::{stream::Messages, test_server::example};

#[tokio::test]
async fn the_same_report_again_changes_nothing() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    for _ in 0..2 {
        work.started(&server, "one").await;
    }
    work.ended
        .push(json!({"plugin": "one", "metric": {"n": 1}}));
    let report = work.report(&json!({"stage": "completed", "plugin": "one"}), None);
    for _ in 0..3 {
        work.send(&server, &report).json(200).await;
        server.clock.advance_ms(10);
    }
    let path = format!("/api/events?after=0&run_id={}", work.id);
    let events = Messages::of(server.get(&path).await).take(5).await;
    let types: Vec<&str> = events.iter().map(|event| &*event.event).collect();
    let expected = [
        "submitted",
        "ready",
        "started",
        "plugin_started",
        "plugin_completed",
    ];
    assert_eq!(types, expected.map(|word| format!("plugin_job.{word}")));
    assert_eq!(events[4].data["data"]["metric"], json!({"n": 1}));
}

#[tokio::test]
async fn what_does_not_follow_is_refused() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    work.completed(&server, "one", json!({})).await;
    let before = shown(&server, &work.id).await;
    let one = json!({"plugin": "one", "metric": {}});
    let two = json!({"plugin": "two", "metric": {}});
    let failed = json!({"plugin": "two", "error": "no"});
    let fact = |stage: &str, plugin: &str| json!({"stage": stage, "plugin": plugin});
    let none = Value::Null;
    for (fact, ended, current, field) in [
        (none.clone(), json!([]), None, "progress.ended"),
        (none.clone(), json!([two]), None, "progress.ended"),
        (
            none.clone(),
            json!([{"plugin": "one", "error": "no"}]),
            None,
            "progress.ended",
        ),
        (none.clone(), json!([one, one]), None, "progress.ended"),
        (
            none.clone(),
            json!([one, {"plugin": "three"}]),
            None,
            "progress.ended",
        ),
        (none.clone(), json!([one, two]), None, "fact"),
        (fact("failed", "two"), json!([one, two]), None, "fact"),
        (fact("completed", "two"), json!([one, failed]), None, "fact"),
        (fact("completed", "one"), json!([one, two]), None, "fact"),
        (fact("completed", "one"), json!([one]), None, "fact"),
        (fact("started", "two"), json!([one]), None, "fact"),
        (
            fact("started", "two"),
            json!([one, two]),
            Some("two"),
            "progress.current",
        ),
        (
            fact("started", "one"),
            json!([one]),
            Some("one"),
            "progress.current",
        ),
        (
            none.clone(),
            json!([one]),
            Some("three"),
            "progress.current",
        ),
        (
            fact("begun", "two"),
            json!([one]),
            Some("two"),
            "fact.stage",
        ),
        (json!(7), json!([one]), None, "fact"),
        (none, json!({}), None, "progress.ended"),
    ] {
        let mut report = work.report(&fact, current.map(|current| (current, 0)));
        report["progress"]["ended"] = ended;
        let detail = work.send(&server, &report).problem(400).await;
        assert!(detail.contains(field), "{report}: {detail}");
    }
    assert_eq!(shown(&server, &work.id).await, before);
}

#[tokio::test]
async fn only_the_holder_of_a_plugin_job_notes_progress() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    let token = work.token;
    for other in [0, -1, token + 1] {
        work.token = other;
        let report = work.report(&json!(null), Some(("one", 0)));
        work.send(&server, &report).await.problem(404).await;
    }
    work.token = token;
    let job = server.submit(&example()).await;
    let lease = server.claim("worker-1").await;
    let report = json!({"executor": "worker-1", "token": lease["lease_token"],
        "progress": {}});
    for id in [
        job.as_str(),
        "018cc4e5-2200-7000-8000-00000000ffff",
        "nonsense",
    ] {
        let path = format!("/api/runs/{id}/progress");
        server.put(&path, &report).problem(404).await;
    }
    work.finish(&server, true, None).await;
    let report = work.report(&json!(null), Some(("one", 0)));
    work.send(&server, &report).await.problem(404).await;
    assert_eq!(progress(&server, &work.id).await["status"], "completed");
}

#[tokio::test]
async fn a_long_error_is_cut_and_a_long_metric_stands_in_the_job_only() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
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
