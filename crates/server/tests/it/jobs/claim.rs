//! `POST /jobs/claim`.

use std::time::{Duration, Instant};

use engine::{Class, Kind, NewRun};
use insta::assert_snapshot;
use serde_json::{Value, json};
use store::{
    Location, Store,
    runs::{Submission, Submit},
};

use crate::bed::{Bed, NOON_MS, bare, counted_id, example, example_with};

#[tokio::test]
async fn the_answer_is_the_job() {
    let bed = Bed::open().await;
    bed.submit(&example()).await;
    bed.clock.advance_ms(60_000);
    let claim = bed
        .post("/api/v1/jobs/claim", &bare("worker-1-abc123"))
        .await;
    assert_snapshot!("claimed", claim.shown().await);
    let found = bed
        .get("/api/v1/jobs/018cc4e5-2200-7000-8000-000000000001")
        .await;
    assert_snapshot!("running", found.shown().await);
    let none = bed
        .post("/api/v1/jobs/claim", &bare("worker-1-abc123"))
        .await;
    assert_snapshot!("none", none.shown().await);
}

#[tokio::test]
async fn classes_come_in_order_and_each_is_first_in_first_out() {
    let bed = Bed::open().await;
    let classes = [
        "best_effort",
        "background",
        "foreground",
        "background",
        "foreground",
    ];
    for class in classes {
        bed.submit(&example_with(&json!({"priority": class}))).await;
        bed.clock.advance_ms(1);
    }
    let mut order = Vec::new();
    for _ in classes {
        let job = bed.claim("worker-1").await;
        order.push(job["id"].as_str().expect("an id")[35..].to_owned());
    }
    assert_eq!(order, ["3", "5", "2", "4", "1"]);
}

#[tokio::test]
async fn with_max_the_answer_is_an_array() {
    let bed = Bed::open().await;
    for _ in 0..3 {
        bed.submit(&example()).await;
    }
    let claim = |max: u32| json!({"executor_id": "worker-1", "max": max});
    let two = bed
        .post("/api/v1/jobs/claim", &claim(2))
        .await
        .json(200)
        .await;
    let tokens: Vec<&Value> = two
        .as_array()
        .expect("an array")
        .iter()
        .map(|job| &job["lease_token"])
        .collect();
    assert_eq!(tokens, [1, 1]);
    let rest = bed
        .post("/api/v1/jobs/claim", &claim(1_000))
        .await
        .json(200)
        .await;
    assert_eq!(rest.as_array().map(Vec::len), Some(1));
    assert_eq!(bed.post("/api/v1/jobs/claim", &claim(2)).await.status, 204);
}

#[tokio::test]
async fn a_claim_waits_for_a_job_and_is_woken_by_it() {
    let bed = Bed::open().await;
    let claim = json!({"executor_id": "worker-1", "wait_seconds": 60});
    let (job, started) = (example(), Instant::now());
    let (claimed, submitted) = tokio::join!(
        bed.post("/api/v1/jobs/claim", &claim),
        bed.post("/api/v1/jobs", &job),
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
    let bed = Bed::open().await;
    let started = Instant::now();
    let claim = json!({"executor_id": "worker-1", "wait_seconds": 0.2});
    assert_eq!(bed.post("/api/v1/jobs/claim", &claim).await.status, 204);
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn two_waiting_claims_never_get_the_same_job() {
    let bed = Bed::open().await;
    let claim = json!({"executor_id": "worker-1", "wait_seconds": 60});
    let submit = async {
        bed.submit(&example()).await;
        bed.submit(&example()).await;
    };
    let (one, other, ()) = tokio::join!(
        bed.post("/api/v1/jobs/claim", &claim),
        bed.post("/api/v1/jobs/claim", &claim),
        submit,
    );
    assert_ne!(one.json(200).await["id"], other.json(200).await["id"]);
}

#[tokio::test]
async fn an_executor_ip_may_be_left_out() {
    let bed = Bed::open().await;
    bed.submit(&example()).await;
    let claim = json!({"executor_id": "worker-1"});
    let job = bed.post("/api/v1/jobs/claim", &claim).await.json(200).await;
    assert_eq!(job["attempts"][0]["executor_ip"], "");
}

/// Puts a run into the database whose input is nothing that its contract wrote.
pub(crate) async fn submit_unreadable(bed: &Bed, kind: Kind) -> String {
    let location = Location::Sqlite(bed.dir().join("data/playhouse.db"));
    let open = move || Store::open(&location, 1, NOON_MS).expect("the same database");
    let store = tokio::task::spawn_blocking(open).await.expect("a store");
    let run = NewRun {
        class: Class::Foreground,
        ..NewRun::new(counted_id(NOON_MS, 1_000), kind, "example", kind.as_str())
    };
    let id = run.id.to_string();
    let submission = Submission {
        run,
        input: b"not a job".to_vec(),
        binary_sha256: None,
        hook: None,
    };
    let submit = Submit {
        runs: vec![submission],
        idempotency: None,
        act: None,
        bound_ms: 600_000,
        now: NOON_MS,
    };
    store.submit(submit).await.expect("accepted");
    tokio::task::spawn_blocking(move || drop(store))
        .await
        .expect("closed");
    id
}

#[tokio::test]
async fn a_job_that_cannot_be_read_does_not_hold_up_the_others() {
    let bed = Bed::open().await;
    let bad = submit_unreadable(&bed, Kind::Job).await;
    let good = [bed.submit(&example()).await, bed.submit(&example()).await];
    let claim = json!({"executor_id": "worker-1", "max": 10});
    let path = "/api/v1/jobs/claim";
    let jobs = bed.post(path, &claim).await.json(200).await;
    let ids: Vec<&Value> = jobs
        .as_array()
        .expect("an array")
        .iter()
        .map(|job| &job["id"])
        .collect();
    assert_eq!(ids, good.each_ref());
    for id in &good {
        bed.post(&format!("/api/v1/jobs/{id}/release"), &bare("worker-1"))
            .await
            .json(200)
            .await;
    }
    // What was released has attempts before: it is answered with them, in the order of the queue.
    let jobs = bed.post(path, &claim).await.json(200).await;
    for (job, id) in jobs.as_array().expect("an array").iter().zip(&good) {
        assert_eq!(job["id"], **id);
        assert_eq!(job["lease_token"], 2);
        assert_eq!(job["attempts"].as_array().map(Vec::len), Some(2));
    }
    // Alone, it is an error; its lease expires like any other.
    bed.clock.advance_ms(30_000);
    bed.server.reap().await.expect("a tick");
    bed.get(&format!("/api/v1/jobs/{bad}"))
        .await
        .refused(500)
        .await;
}

#[tokio::test]
async fn an_answer_is_not_larger_than_an_executor_can_take() {
    let bed = Bed::open().await;
    let word = "x".repeat(127 * 1024);
    let large = example_with(&json!({"arguments": vec![word; 11]}));
    for _ in 0..25 {
        bed.submit(&large).await;
    }
    let claim = json!({"executor_id": "worker-1", "max": 100});
    let mut counts = Vec::new();
    for _ in 0..2 {
        let answer = bed.post("/api/v1/jobs/claim", &claim).await;
        let jobs = answer.json(200).await;
        counts.push(jobs.as_array().map_or(0, Vec::len));
    }
    // 32 MiB hold 23 jobs of 11 times 127 KiB; what does not fit is there for the next claim.
    assert_eq!(counts, [23, 2]);
}
