//! A job that names no plugins runs those that take its input; the others are skipped, with an event.

use serde_json::{Value, json};

use super::{Work, path, server, shown, taken};
use crate::{answer::has, stream::Messages, test_server::TestServer};

const WHY: &str = "the input is not what the plugin takes: expected a text";

async fn skipped(work: &Work, server: &TestServer, plugin: &str) {
    work.note(
        server,
        &[work.part(plugin, "skipped", 0, json!({"skipped": WHY}))],
    )
    .await;
}

#[tokio::test]
async fn a_skipped_plugin_is_told_and_is_no_failure() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1, "debug": true})).await;
    assert_eq!(work.lease["input"]["skipUnfit"], true);
    skipped(&work, &server, "one").await;
    work.started(&server, "two").await;
    work.completed(&server, "two", json!({"n": 2})).await;
    work.finish(&server, true, None).await;
    let job = shown(&server, &work.id).await;
    assert_eq!(job["config"]["skipUnfit"], true);
    assert_eq!(job["config"]["plugins"], json!(["one", "two"]));
    assert_eq!(job["progress"]["status"], "completed");
    assert_eq!(job["progress"]["completedPlugins"], json!(["two"]));
    let result = &job["result"];
    assert_eq!(result["metrics"], json!([{"two": {"n": 2}}]));
    assert_eq!(
        result["skipped"],
        json!([{"plugin": "one", "message": WHY}])
    );
    assert!(result.get("errors").is_none(), "{result}");
    let called = result["debug"].as_array().expect("records");
    assert_eq!(called.len(), 1, "{called:?}");
    let events = Messages::of(server.get(&path(&work.id, "/events")).await)
        .rest()
        .await;
    let words: Vec<&str> = events.iter().map(|event| &*event.event).collect();
    let expected = [
        "jobStart",
        "pluginSkip",
        "pluginStart",
        "pluginComplete",
        "jobComplete",
    ];
    assert_eq!(words, expected);
    let data = &events[1].data["data"];
    has(data, &json!({"pluginName": "one", "reason": WHY}));
    assert!(
        data.get("error").is_none() && data.get("tookMs").is_none(),
        "{data}"
    );
    let path = format!("/api/events?after=0&run_id={}", work.id);
    let stored = Messages::of(server.get(&path).await).take(4).await.pop();
    let stored = stored.expect("an event").data;
    assert_eq!(stored["type"], "plugin_job.plugin_skipped");
    assert_eq!(stored["data"]["reason"], WHY);
}

#[tokio::test]
async fn a_plugin_that_is_named_cannot_be_skipped() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1, "plugins": ["one", "two"]})).await;
    assert_eq!(work.lease["input"].get("skipUnfit"), None);
    let config = shown(&server, &work.id).await["config"].clone();
    assert_eq!(config.get("skipUnfit"), None::<&Value>);
    let report = work.report(&[work.part("one", "skipped", 0, json!({"skipped": WHY}))]);
    let detail = work.send(&server, &report).problem(400).await;
    assert!(detail.contains("cannot be skipped"), "{report}: {detail}");
}

#[tokio::test]
async fn a_skip_is_told_as_one_and_does_not_save_a_lost_executor() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    for stage in ["completed", "failed"] {
        let report = work.report(&[work.part("one", stage, 1, json!({"skipped": WHY}))]);
        let detail = work.send(&server, &report).problem(400).await;
        assert!(detail.contains("did not end as"), "{report}: {detail}");
    }
    skipped(&work, &server, "one").await;
    // Nothing was done in these three attempts.
    for _ in 0..2 {
        super::lose(&server).await;
        work = super::take(&server, "worker-1").await;
        assert_eq!(work.lease["parts"].as_array().map(Vec::len), Some(1));
    }
    super::lose(&server).await;
    assert_eq!(
        shown(&server, &work.id).await["progress"]["status"],
        "failed"
    );
}

#[tokio::test]
async fn a_job_whose_plugins_are_all_skipped_fails_and_says_why() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 7})).await;
    skipped(&work, &server, "one").await;
    skipped(&work, &server, "two").await;
    let why = "no plugin takes the input: `one`: 7; `two`: 7";
    work.finish(&server, false, Some(why)).await;
    let job = shown(&server, &work.id).await;
    assert_eq!(job["progress"]["status"], "failed");
    assert_eq!(job["progress"]["error"], why);
    assert_eq!(job["result"]["skipped"].as_array().map(Vec::len), Some(2));
}
