//! `POST /jobs/claim`.

use std::time::{Duration, Instant};

use engine::{Kind, NewRun, Priority};
use insta::assert_snapshot;
use serde_json::{Value, json};
use store::runs::{Submission, Submit};

use crate::{
    database,
    test_server::{NOON_MS, TestServer, bare, counted_id, example, example_with},
};

#[tokio::test]
async fn the_answer_is_the_job() {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    server.clock.advance_ms(60_000);
    let claim = server
        .post("/api/v1/jobs/claim", &bare("worker-1-abc123"))
        .await;
    assert_snapshot!("claimed", claim.shown().await);
    let found = server
        .get("/api/v1/jobs/018cc4e5-2200-7000-8000-000000000001")
        .await;
    assert_snapshot!("running", found.shown().await);
    let none = server
        .post("/api/v1/jobs/claim", &bare("worker-1-abc123"))
        .await;
    assert_snapshot!("none", none.shown().await);
}

#[tokio::test]
async fn classes_come_in_order_and_each_is_first_in_first_out() {
    let server = TestServer::open().await;
    let priorities = [
        "best_effort",
        "background",
        "foreground",
        "background",
        "foreground",
    ];
    for priority in priorities {
        server.submit_with(&json!({"priority": priority})).await;
        server.clock.advance_ms(1);
    }
    let mut order = Vec::new();
    for _ in priorities {
        let job = server.claim("worker-1").await;
        order.push(job["id"].as_str().expect("an id")[35..].to_owned());
    }
    assert_eq!(order, ["3", "5", "2", "4", "1"]);
}

#[tokio::test]
async fn with_max_the_answer_is_an_array() {
    let server = TestServer::open().await;
    for _ in 0..3 {
        server.submit(&example()).await;
    }
    let claim = |max: u32| json!({"executor_id": "worker-1", "max": max});
    let two = server.post("/api/v1/jobs/claim", &claim(2)).json(200).await;
    let tokens: Vec<&Value> = two
        .as_array()
        .expect("an array")
        .iter()
        .map(|job| &job["lease_token"])
        .collect();
    assert_eq!(tokens, [1, 1]);
    let rest = server
        .post("/api/v1/jobs/claim", &claim(1_000))
        .json(200)
        .await;
    assert_eq!(rest.as_array().map(Vec::len), Some(1));
    assert_eq!(
        server.post("/api/v1/jobs/claim", &claim(2)).await.status,
        204
    );
}

#[tokio::test]
async fn a_claim_waits_for_a_job_and_is_woken_by_it() {
    let server = TestServer::open().await;
    let claim = json!({"executor_id": "worker-1", "wait_seconds": 60});
    let (job, started) = (example(), Instant::now());
    let (claimed, submitted) = tokio::join!(
        server.post("/api/v1/jobs/claim", &claim),
        server.post("/api/v1/jobs", &job),
    );
    assert_eq!(
        claimed.json(200).await["id"],
        submitted.json(201).await["id"]
    );
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_claim_waits_no_longer_than_it_was_asked_to() {
    let server = TestServer::open().await;
    let started = Instant::now();
    let claim = json!({"executor_id": "worker-1", "wait_seconds": 0.2});
    assert_eq!(server.post("/api/v1/jobs/claim", &claim).await.status, 204);
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn two_waiting_claims_never_get_the_same_job() {
    let server = TestServer::open().await;
    let claim = json!({"executor_id": "worker-1", "wait_seconds": 60});
    let submit = async {
        server.submit(&example()).await;
        server.submit(&example()).await;
    };
    let (one, other, ()) = tokio::join!(
        server.post("/api/v1/jobs/claim", &claim),
        server.post("/api/v1/jobs/claim", &claim),
        submit,
    );
    assert_ne!(one.json(200).await["id"], other.json(200).await["id"]);
}

#[tokio::test]
async fn an_executor_ip_may_be_left_out() {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    let claim = json!({"executor_id": "worker-1"});
    let job = server.post("/api/v1/jobs/claim", &claim).json(200).await;
    assert_eq!(job["attempts"][0]["executor_ip"], "");
}

/// Puts a run into the database whose input is nothing that its contract wrote.
pub(crate) async fn submit_unreadable(server: &TestServer, kind: Kind) -> String {
    submit_run(server, kind, "not a job").await
}

/// Puts a run of any kind into the database.
pub(crate) async fn submit_run(server: &TestServer, kind: Kind, input: &str) -> String {
    let store = database::store(&server.dir().join("data"), NOON_MS).await;
    let run = NewRun {
        priority: Priority::Foreground,
        ..NewRun::new(counted_id(NOON_MS, 1_000), kind, "example", kind.as_str())
    };
    let id = run.id.to_string();
    let submit = Submit::new([Submission::new(run, input)], 600_000, NOON_MS);
    store.submit(submit).await.expect("accepted");
    tokio::task::spawn_blocking(move || drop(store))
        .await
        .expect("closed");
    id
}

#[tokio::test]
async fn a_job_that_cannot_be_read_does_not_hold_up_the_others() {
    let server = TestServer::open().await;
    let bad = submit_unreadable(&server, Kind::Job).await;
    let good = [
        server.submit(&example()).await,
        server.submit(&example()).await,
    ];
    let claim = json!({"executor_id": "worker-1", "max": 10});
    let path = "/api/v1/jobs/claim";
    let jobs = server.post(path, &claim).json(200).await;
    let ids: Vec<&Value> = jobs
        .as_array()
        .expect("an array")
        .iter()
        .map(|job| &job["id"])
        .collect();
    assert_eq!(ids, good.each_ref());
    for id in &good {
        let released = server.release(id, "worker-1", &json!(1)).await;
        assert_eq!(released.status, 204);
    }
    // What was released has attempts before: it is answered with them, in the order of the queue.
    let jobs = server.post(path, &claim).json(200).await;
    for (job, id) in jobs.as_array().expect("an array").iter().zip(&good) {
        assert_eq!(job["id"], **id);
        assert_eq!(job["lease_token"], 2);
        assert_eq!(job["attempts"].as_array().map(Vec::len), Some(2));
    }
    // Alone, it is an error; its lease expires like any other.
    server.clock.advance_ms(30_000);
    server.reap().await;
    server
        .get(&format!("/api/v1/jobs/{bad}"))
        .refused(500)
        .await;
}

#[tokio::test]
async fn an_answer_is_not_larger_than_an_executor_can_take() {
    let server = TestServer::open().await;
    let word = "x".repeat(127 * 1024);
    let large = example_with(&json!({"arguments": vec![word; 11]}));
    for _ in 0..25 {
        server.submit(&large).await;
    }
    let claim = json!({"executor_id": "worker-1", "max": 100});
    let mut counts = Vec::new();
    for _ in 0..2 {
        let jobs = server.post("/api/v1/jobs/claim", &claim).json(200).await;
        counts.push(jobs.as_array().map_or(0, Vec::len));
    }
    // 32 MiB hold 23 jobs of 11 times 127 KiB; what does not fit is there for the next claim.
    assert_eq!(counts, [23, 2]);
}
