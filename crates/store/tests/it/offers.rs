//! Runs that count something of what their executor offers.

use engine::{AttemptOutcome, NewRun, Resources};
use store::{Store, runs::Claim};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    no_more_is_handed_out_than_an_executor_offers,
    what_counts_nothing_needs_no_offer,
    what_is_too_large_does_not_hold_up_what_fits,
);

fn of(queue: &str) -> NewRun {
    NewRun {
        queue: queue.to_owned(),
        ..job()
    }
}

fn wants(executor: &str, cpu_millis: i64, queues: &[&str]) -> Claim {
    Claim {
        queues: queues.iter().map(|&queue| queue.to_owned()).collect(),
        offer: Resources {
            cpu_millis,
            memory_mb: 1_000,
        },
        ..claim(executor, 9)
    }
}

async fn taken(store: &Store, claim: Claim) -> Vec<engine::RunId> {
    ids(&store.claim(claim).await.unwrap())
}

async fn no_more_is_handed_out_than_an_executor_offers(db: &Database) {
    const QUEUE: &str = "job:cpu>1500";
    let store = db.open();
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(submitted(&store, of(QUEUE)).await);
    }
    assert!(
        taken(&store, wants("small", 1_000, &[QUEUE]))
            .await
            .is_empty()
    );
    let first = store.claim(wants("a", 4_000, &[QUEUE])).await.unwrap();
    assert_eq!(ids(&first), runs[..2]);
    // What it owns counts, also of another server of the same database.
    let other = if db.is_postgres() {
        db.open()
    } else {
        store.clone()
    };
    assert!(taken(&other, wants("a", 4_000, &[QUEUE])).await.is_empty());
    assert_eq!(taken(&store, wants("b", 2_999, &[QUEUE])).await, [runs[2]]);
    // What ends in the same commit is free.
    let ends = vec![finish(&first[0].run, AttemptOutcome::Completed)];
    let (_, next) = store
        .exchange(ends, wants("a", 4_000, &[QUEUE]))
        .await
        .unwrap();
    assert_eq!(ids(&next), [runs[3]]);
    db.check();
}

async fn what_counts_nothing_needs_no_offer(db: &Database) {
    let store = db.open();
    let counts = submitted(&store, of("job:memory>1000")).await;
    let too_much = submitted(&store, of("job:memory>1001")).await;
    let plain = submitted(&store, of("job")).await;
    let labelled = submitted(&store, of("job:gpu=a100")).await;
    let queues = ["job", "job:gpu=a100", "job:memory>1000", "job:memory>1001"];
    assert_eq!(
        taken(&store, wants("a", 0, &queues)).await,
        [counts, plain, labelled]
    );
    let offer = Resources {
        memory_mb: 2_000,
        ..Resources::default()
    };
    let more = Claim {
        offer,
        ..wants("b", 0, &queues)
    };
    assert_eq!(taken(&store, more).await, [too_much]);
}

async fn what_is_too_large_does_not_hold_up_what_fits(db: &Database) {
    let store = db.open();
    for _ in 0..20 {
        submitted(&store, of("job:cpu>3000")).await;
    }
    let small = submitted(&store, of("job:cpu>1000")).await;
    let queues = ["job:cpu>3000", "job:cpu>1000"];
    let first = store.claim(wants("a", 4_000, &queues)).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(taken(&store, wants("a", 4_000, &queues)).await, [small]);
}
