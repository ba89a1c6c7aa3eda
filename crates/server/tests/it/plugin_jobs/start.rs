//! `POST /playground/jobs/{id}/start`: once, however often, and with a wait.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use super::{create, path, refused, server, shown, start, take};
use crate::{
    answer::Call,
    stream::{DEADLINE, Messages},
    test_server::TestServer,
};

#[tokio::test]
async fn many_starts_are_one() {
    let server = server().await;
    let id = create(&server, &json!({"input": 1})).await;
    let begin = join_all((0..8).map(|_| start(&server, &id))).await;
    assert!(
        begin
            .iter()
            .all(|job| job["progress"]["status"] == "queued")
    );
    let work = take(&server, "worker-1").await;
    assert_eq!(start(&server, &id).await["progress"]["status"], "running");
    work.perform(&server).await;
    let before = shown(&server, &id).await;
    server.clock.advance_ms(1_000);
    assert_eq!(
        start(&server, &id).await,
        before,
        "a start of an ended job changes nothing"
    );
    let after = server
        .get(&format!("/api/events?after=0&run_id={id}"))
        .await;
    let events = Messages::of(after).take(8).await;
    let ready = events
        .iter()
        .filter(|event| event.event == "plugin_job.ready");
    assert_eq!(ready.count(), 1);
}

fn preferring<'a>(server: &'a TestServer, id: &str, prefer: &str) -> Call<'a> {
    let headers = [("prefer", prefer)];
    server.with_headers(Method::POST, &path(id, "/start"), &headers, "")
}

#[tokio::test]
async fn a_start_may_wait_for_the_end() {
    let server = server().await;
    let id = create(&server, &json!({"input": 1})).await;
    // It is not taken yet: it answers when the wait is over.
    let answer = server.post(&path(&id, "/start?wait=1"), &json!(null)).await;
    assert_eq!(answer.json(200).await["progress"]["status"], "queued");
    let work = take(&server, "worker-1").await;
    let waiting = preferring(&server, &id, "respond-async, wait=60");
    let working = work.perform(&server);
    let both = async { tokio::join!(waiting, working).0 };
    let answer = tokio::time::timeout(DEADLINE, both).await.expect("in time");
    assert_eq!(answer.headers["preference-applied"], "wait=60");
    let job = answer.json(200).await;
    assert_eq!(job["progress"]["status"], "completed");
    assert_eq!(
        job["result"]["metrics"],
        json!([{"one": {"n": 1}}, {"two": {"n": 2}}])
    );
    // Of an ended job at once.
    let answer = preferring(&server, &id, "wait=100000").await;
    assert_eq!(answer.headers["preference-applied"], "wait=60");
    assert_eq!(answer.json(200).await, job);
}

#[tokio::test]
async fn a_wait_that_is_none() {
    let server = server().await;
    let id = create(&server, &json!({"input": 1})).await;
    for wait in ["61", "-1", "x", "1.5"] {
        let answer = server
            .post(&path(&id, &format!("/start?wait={wait}")), &json!(null))
            .await;
        assert!(refused(answer, 400).await.contains("wait"), "{wait}");
    }
    assert!(
        server
            .get("/playground/jobs?status=running")
            .json(200)
            .await
            == json!([])
    );
    // A preference that is not understood is none.
    for prefer in ["wait=x", "wait", "wait=-1", ""] {
        let answer = preferring(&server, &id, prefer).await;
        assert!(
            !answer.headers.contains_key("preference-applied"),
            "{prefer}"
        );
        answer.json(200).await;
    }
}

#[tokio::test]
async fn a_waiting_start_hears_of_a_deletion() {
    let server = server().await;
    let id = create(&server, &json!({"input": 1})).await;
    start(&server, &id).await;
    let start_path = path(&id, "/start?wait=60");
    let waiting = server.post(&start_path, &json!(null));
    let ending = async {
        server
            .post(&path(&id, "/cancel"), &json!(null))
            .json(200)
            .await;
        server.delete(&path(&id, "")).json(200).await;
    };
    let both = async { tokio::join!(waiting, ending).0 };
    let answer = tokio::time::timeout(Duration::from_secs(60), both).await;
    // Whichever came first: the job as it was, or none.
    let answer = answer.expect("in time");
    assert!(answer.status == 200 || answer.status == 404);
}
