//! The event log: numbers without a gap, visible in their order, the caller who writes and the caller who reads.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use engine::AttemptOutcome;
use store::{Store, events};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    numbers_start_at_one,
    readers_see_every_number_in_order,
    the_head_is_told_after_the_rows
);

async fn numbers_start_at_one(db: &Database) {
    let store = db.open();
    let extent = read(&store, events::extent).await;
    assert_eq!(
        extent,
        events::Extent {
            removed: 0,
            newest: 0
        }
    );
    let run = running(&store, job()).await;
    ended(&store, &run, AttemptOutcome::Completed).await;
    let all = read(&store, |read| events::after(read, 0, None, 100)).await;
    let numbers: Vec<_> = all.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let types: Vec<_> = all.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["job.submitted", "job.started", "job.completed"]);
    assert!(
        all.iter()
            .all(|event| event.run_id == Some(run.id) && event.kind == "job" && event.at == NOW)
    );
    let data: serde_json::Value = serde_json::from_str(&all[1].data).unwrap();
    let expected = serde_json::json!({
        "name": "example", "status": "running", "attempt": 1, "executor_id": "a",
    });
    assert_eq!(data, expected);
    let some = read(&store, |read| events::after(read, 1, None, 1)).await;
    assert_eq!(some[0].seq, 2);
    let none = read(&store, |read| events::after(read, 3, None, 100)).await;
    assert!(none.is_empty());
    assert_eq!(read(&store, events::extent).await.newest, 3);
}

/// Reads on until `stop` is set and everything was read; answers how many.
async fn follow(store: Store, stop: Arc<AtomicBool>) -> i64 {
    let mut last = 0;
    loop {
        let stopping = stop.load(Ordering::SeqCst);
        let new = read(&store, move |read| events::after(read, last, None, 500)).await;
        for event in &new {
            assert_eq!(event.seq, last + 1, "a number was passed over");
            last = event.seq;
        }
        if stopping && new.is_empty() {
            return last;
        }
    }
}

async fn readers_see_every_number_in_order(db: &Database) {
    let stores = db.stores();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = stores
        .iter()
        .map(|store| tokio::spawn(follow(store.clone(), stop.clone())))
        .collect();
    let tasks = (0..8_usize).map(|number| {
        let store = stores[number % stores.len()].clone();
        tokio::spawn(async move {
            for _ in 0..15 {
                submit_all(&store, submit([job(), job()])).await;
                for taken in store.claim(claim("a", 2)).await.unwrap() {
                    finished(&store, finish(&taken.run, AttemptOutcome::Completed))
                        .await
                        .unwrap();
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    for reader in readers {
        let read = reader.await.unwrap();
        assert_eq!(
            db.rows("SELECT newest FROM event_head"),
            [[read.to_string()]]
        );
        assert!(read >= 240);
    }
    db.check();
}

async fn the_head_is_told_after_the_rows(db: &Database) {
    let stores = db.stores();
    let mut head = stores[stores.len() - 1].wake().head();
    let writer = stores[0].clone();
    let load = tokio::spawn(async move {
        for _ in 0..40 {
            submitted(&writer, job()).await;
        }
    });
    let reader = stores[stores.len() - 1].clone();
    let heard = tokio::time::timeout(crate::database::DEADLINE, async {
        let mut told = 0;
        while told < 40 {
            head.changed().await.unwrap();
            let newest = *head.borrow_and_update();
            assert!(newest > told, "the head went back");
            told = newest;
            let there = read(&reader, events::extent).await.newest;
            assert!(there >= told, "told of {told}, but {there} is the newest");
        }
    });
    heard.await.unwrap();
    load.await.unwrap();
}
