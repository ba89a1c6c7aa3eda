//! The four documented routes, from the creation of a job to its end.

use insta::assert_snapshot;
use serde_json::json;

use super::{JOBS, create, path, progress, server, shown, start, take, taken};

#[tokio::test]
async fn a_job_from_its_creation_to_its_end() {
    let server = server().await;
    let answer = server
        .post(JOBS, &json!({"input": {"text": "hello"}}))
        .await;
    assert_snapshot!("created", answer.shown().await);
    let id = "018cc4e5-2200-7000-8000-000000000001";
    server.clock.advance_ms(1_500);
    let answer = server.post(&path(id, "/start"), &json!(null)).await;
    assert_snapshot!("started", answer.shown().await);
    server.clock.advance_ms(250);
    let mut work = take(&server, "worker-1").await;
    work.started(&server, "one").await;
    server.clock.advance_ms(250);
    assert_snapshot!("running", server.get(&path(id, "")).shown().await);
    work.completed(&server, "one", json!({"n": 1})).await;
    work.started(&server, "two").await;
    let answer = server.get(&path(id, "/progress")).await;
    assert_snapshot!("progress", answer.shown().await);
    work.summary.insert("one".to_owned(), json!({"total": 1}));
    work.completed(&server, "two", json!(null)).await;
    server.clock.advance_ms(250);
    work.finish(&server, true, None).await;
    assert_snapshot!("completed", server.get(&path(id, "")).shown().await);
    let answer = server.get(&path(id, "/progress")).await;
    assert_snapshot!("progress_at_the_end", answer.shown().await);
}

#[tokio::test]
async fn a_plugin_that_fails_hides_no_other() {
    let server = server().await;
    let body = json!({"input": [1, 2.5, null], "plugins": ["two", "one"], "retries": 0,
        "timeout": 1_000, "debug": true});
    let work = taken(&server, &body).await;
    assert_eq!(work.lease["input"]["plugins"], json!(["two", "one"]));
    work.started(&server, "two").await;
    work.tried(&server, "two", 3).await;
    assert_eq!(shown(&server, &work.id).await["retries"], 3);
    work.failed(&server, "two", "no such file").await;
    work.started(&server, "one").await;
    work.completed(&server, "one", json!({"n": 7})).await;
    work.finish(&server, false, Some("plugin `two` failed: no such file"))
        .await;
    assert_snapshot!("failed", server.get(&path(&work.id, "")).shown().await);
    let failed = progress(&server, &work.id).await;
    assert_eq!(failed["error"], "plugin `two` failed: no such file");
    assert_eq!(failed["completedPlugins"], json!(["one"]));
}

#[tokio::test]
async fn what_the_lease_of_a_job_says() {
    let server = server().await;
    let body = json!({"input": "text", "retries": 2, "timeout": 60_000, "debug": true});
    let work = taken(&server, &body).await;
    assert_snapshot!(format!("{:#}", work.lease));
}

#[tokio::test]
async fn a_job_that_fails_as_a_whole_says_why() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    work.started(&server, "one").await;
    work.finish(&server, false, Some("the disk is full")).await;
    let failed = progress(&server, &work.id).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"], "the disk is full, in plugin `one`");
    assert!(failed.get("currentPlugin").is_none(), "{failed}");
    let job = shown(&server, &work.id).await;
    assert_eq!(job["result"], json!({"metrics": []}));
}

#[tokio::test]
async fn any_json_is_an_input() {
    let server = server().await;
    for input in [
        json!(null),
        json!(false),
        json!(-0.5),
        json!("\u{0}\u{20ac}"),
        json!([]),
        json!({"": {"a": [1, {"b": "c"}]}}),
    ] {
        let id = create(&server, &json!({"input": input})).await;
        assert_eq!(shown(&server, &id).await["config"]["input"], input);
        start(&server, &id).await;
        let work = take(&server, "worker-1").await;
        assert_eq!(work.lease["input"]["input"], input);
    }
}
