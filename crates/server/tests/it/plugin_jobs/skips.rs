//! A job that names no plugins runs those that take its input; the others are skipped, and that is told.

use serde_json::{Value, json};

use super::{Work, bed, path, shown, taken};
use crate::{bed::Bed, stream::Messages};

const WHY: &str = "the input is not what the plugin takes: expected a text";

async fn skipped(work: &mut Work, bed: &Bed, plugin: &str) {
    work.ended.push(json!({"plugin": plugin, "skipped": WHY}));
    let fact = json!({"stage": "skipped", "plugin": plugin});
    work.note(bed, fact, None).await;
}

#[tokio::test]
async fn a_skipped_plugin_is_told_and_is_no_failure() {
    let bed = bed().await;
    let mut work = taken(&bed, &json!({"input": 1, "debug": true})).await;
    assert_eq!(work.lease["skip_unfit"], true);
    skipped(&mut work, &bed, "one").await;
    work.started(&bed, "two").await;
    work.completed(&bed, "two", json!({"n": 2})).await;
    work.finish(&bed, true, None).await;
    let job = shown(&bed, &work.id).await;
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
    let events = Messages::of(bed.get(&path(&work.id, "/events")).await)
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
    assert_eq!(
        (&data["pluginName"], &data["reason"]),
        (&json!("one"), &json!(WHY))
    );
    assert!(
        data.get("error").is_none() && data.get("tookMs").is_none(),
        "{data}"
    );
    let path = format!("/api/events?after=0&run_id={}", work.id);
    let stored = Messages::of(bed.get(&path).await).take(4).await.pop();
    let stored = stored.expect("an event").data;
    assert_eq!(stored["type"], "plugin_job.plugin_skipped");
    assert_eq!(stored["data"]["reason"], WHY);
}

#[tokio::test]
async fn a_plugin_that_is_named_cannot_be_skipped() {
    let bed = bed().await;
    let work = taken(&bed, &json!({"input": 1, "plugins": ["one", "two"]})).await;
    assert_eq!(work.lease.get("skip_unfit"), None);
    let config = shown(&bed, &work.id).await["config"].clone();
    assert_eq!(config.get("skipUnfit"), None::<&Value>);
    let fact = json!({"stage": "skipped", "plugin": "one"});
    let mut report = work.report(&fact, None);
    report["progress"]["ended"] = json!([{"plugin": "one", "skipped": WHY}]);
    let body = work.send(&bed, &report).await.refused(400).await;
    assert_eq!(body["context"]["field"], "progress.ended", "{body}");
}

#[tokio::test]
async fn a_skip_is_told_as_one_and_does_not_save_a_lost_executor() {
    let bed = bed().await;
    let mut work = taken(&bed, &json!({"input": 1})).await;
    for stage in ["completed", "failed"] {
        let mut report = work.report(&json!({"stage": stage, "plugin": "one"}), None);
        report["progress"]["ended"] = json!([{"plugin": "one", "skipped": WHY}]);
        let body = work.send(&bed, &report).await.refused(400).await;
        assert_eq!(body["context"]["field"], "fact", "{body}");
    }
    skipped(&mut work, &bed, "one").await;
    // Nobody did anything in these three attempts.
    for _ in 0..2 {
        super::lose(&bed).await;
        work = super::take(&bed, "worker-1").await;
        assert_eq!(work.ended.len(), 1);
    }
    super::lose(&bed).await;
    assert_eq!(shown(&bed, &work.id).await["progress"]["status"], "failed");
}

#[tokio::test]
async fn a_job_whose_plugins_are_all_skipped_fails_and_says_why() {
    let bed = bed().await;
    let mut work = taken(&bed, &json!({"input": 7})).await;
    skipped(&mut work, &bed, "one").await;
    skipped(&mut work, &bed, "two").await;
    let why = "no plugin takes the input: `one`: 7; `two`: 7";
    work.finish(&bed, false, Some(why)).await;
    let job = shown(&bed, &work.id).await;
    assert_eq!(job["progress"]["status"], "failed");
    assert_eq!(job["progress"]["error"], why);
    assert_eq!(job["result"]["skipped"].as_array().map(Vec::len), Some(2));
}
