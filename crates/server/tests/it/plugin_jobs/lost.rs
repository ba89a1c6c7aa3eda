//! Executors die: what they had done stays done, and time goes on.

use serde_json::{Value, json};
use wire::executors::{Exchanged, PluginState};

use super::{DEEPEST, lose, nested, progress, server, shown, take, taken};
use crate::answer::has;

#[tokio::test]
async fn another_attempt_goes_on_after_the_last_plugin() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    assert!(work.lease.get("parts").is_none(), "{}", work.lease);
    work.storage.insert("seen".to_owned(), json!([1, 2]));
    work.started(&server, "one").await;
    work.completed(&server, "one", json!({"n": 1.25})).await;
    work.started(&server, "two").await;
    lose(&server).await;
    let waiting = progress(&server, &work.id).await;
    assert_eq!(waiting["status"], "queued");
    assert_eq!(waiting["completedPlugins"], json!(["one"]));
    assert!(waiting.get("currentPlugin").is_none(), "{waiting}");
    let started = waiting["startTime"].clone();
    let next = take(&server, "worker-1").await;
    assert_eq!(next.lease["attempt"].as_i64(), Some(2));
    assert_eq!(next.token, work.token + 1);
    let parts = &next.lease["parts"];
    let completed = json!({"number": 1, "name": "one", "stage": "completed", "attempt": 1,
        "tries": 1, "body": {"metric": {"n": 1.25}, "took_ms": 12}});
    has(&parts[0], &completed);
    let interrupted = json!({"number": 2, "name": "two", "stage": "interrupted", "attempt": 1,
        "tries": 1, "body": null});
    has(&parts[1], &interrupted);
    assert_eq!(
        next.lease["state"],
        json!({"storage": {"seen": [1, 2]}, "summary": {}})
    );
    // The old one comes back: it owns nothing, and changes nothing.
    let late = work.report(&[work.part("two", "started", 2, Value::Null)]);
    work.send(&server, &late).await.problem(404).await;
    next.started(&server, "two").await;
    next.completed(&server, "two", json!({"n": 2})).await;
    next.finish(&server, true, None).await;
    let job = shown(&server, &work.id).await;
    assert_eq!(job["progress"]["startTime"], started);
    assert_eq!(
        job["result"]["metrics"],
        json!([{"one": {"n": 1.25}}, {"two": {"n": 2}}])
    );
}

#[tokio::test]
async fn what_is_nested_as_deep_as_may_be_is_read_in_every_answer() {
    let server = server().await;
    let deep: Value = serde_json::from_str(&nested(DEEPEST)).expect("JSON");
    let mut work = taken(&server, &json!({"input": deep})).await;
    work.storage.insert("kept".to_owned(), deep.clone());
    work.summary.insert("one".to_owned(), deep.clone());
    work.started(&server, "one").await;
    work.completed(&server, "one", json!({"n": 1, "deep": deep}))
        .await;
    lose(&server).await;
    // As executors of ours read it.
    let path = "/api/executors/worker-1/exchange";
    let claim = json!({"claim": {"kinds": ["plugin_job"]}});
    let answer = server.post(path, &claim).await.text().await;
    let claimed: Exchanged = serde_json::from_str(&answer).expect("a claim");
    let state = claimed.runs[0].state.clone().expect("a state");
    let state: PluginState = serde_json::from_str(state.get()).expect("a state");
    assert_eq!(state.storage["kept"], deep);
    assert_eq!(shown(&server, &work.id).await["config"]["input"], deep);
}

#[tokio::test]
async fn a_loss_counts_when_no_plugin_ended() {
    let server = server().await;
    let mut work = taken(&server, &json!({"input": 1})).await;
    // (whether a plugin ends before the executor dies): three losses without end it.
    let mut ends = ["one", "two"].into_iter();
    for gets_somewhere in [false, true, false, true] {
        work.note(&server, &[]).await;
        if gets_somewhere {
            let plugin = ends.next().expect("a plugin");
            work.completed(&server, plugin, json!({})).await;
        }
        lose(&server).await;
        assert_eq!(progress(&server, &work.id).await["status"], "queued");
        work = take(&server, "worker-1").await;
    }
    lose(&server).await;
    let job = shown(&server, &work.id).await;
    assert_eq!(job["progress"]["status"], "failed");
    let error = "the executor was lost: its lease expired";
    assert_eq!(job["progress"]["error"], error);
    assert_eq!(job["result"]["metrics"], json!([{"one": {}}, {"two": {}}]));
}

#[tokio::test]
async fn the_time_is_the_whole_job_s() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1, "timeout": 50_000})).await;
    assert_eq!(work.lease["remaining_ms"], 50_000);
    work.started(&server, "one").await;
    lose(&server).await;
    let work = take(&server, "worker-1").await;
    assert_eq!(work.lease["remaining_ms"], 20_000);
    lose(&server).await;
    // Its time ended while no executor had it.
    server.reap().await;
    let job = shown(&server, &work.id).await;
    assert_eq!(job["progress"]["status"], "failed");
    let error = "its time of 50000 ms was over, in plugin `one`";
    assert_eq!(job["progress"]["error"], error);
    // An executor that stops a job in time says so, and with it the job is over.
    let work = taken(&server, &json!({"input": 1, "timeout": 10_000})).await;
    work.started(&server, "two").await;
    server.clock.advance_ms(10_000);
    let finish = json!({"executor_id": "worker-1", "lease_token": work.token, "timed_out": true,
        "error_message": "timed out"});
    server
        .put(&format!("/api/v1/jobs/{}/fail", work.id), &finish)
        .json(200)
        .await;
    let ended = progress(&server, &work.id).await;
    assert_eq!(
        ended["error"],
        "its time of 10000 ms was over, in plugin `two`"
    );
}

#[tokio::test]
async fn a_drained_executor_gives_its_job_back() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    let token = json!(work.token);
    let released = server.release(&work.id, "worker-1", &token).await;
    assert_eq!(released.status, 204);
    let next = take(&server, "worker-1").await;
    assert_eq!(next.lease["attempt"], 2);
    assert!(next.lease.get("state").is_none());
}
