//! How far the hooks of runs have read, and what retention takes from them.

use store::{
    Store,
    hooks::{self, Expanded},
};

use super::{OF_RUN, compose, with_hook};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    what_no_run_s_hook_wants_is_not_looked_at_again_and_again,
    what_retention_takes_from_the_hooks_of_runs_is_counted,
);

/// Reads on once; nothing when there was nothing to write.
async fn step(store: &Store, anyway: bool) -> Option<Expanded> {
    let plan = move |read: &mut store::Read<'_, '_>| hooks::plan(read, OF_RUN, anyway);
    let plan = read(store, plan).await;
    if plan.is_empty() {
        return None;
    }
    let work = move |batch: &mut store::Batch<'_, '_>| hooks::expand(batch, &plan, compose, NOW);
    Some(write(store, work).await)
}

fn cursor(db: &Database) -> i64 {
    let cursor = db.rows("SELECT seq FROM run_hook_cursor");
    cursor[0][0].parse().unwrap()
}

async fn what_no_run_s_hook_wants_is_not_looked_at_again_and_again(db: &Database) {
    let store = db.open();
    submit_all(&store, with_hook(None)).await;
    let others = |count| submit((0..count).map(|_| job()));
    submit_all(&store, others(100)).await;
    assert_eq!(step(&store, false).await, None, "it is not worth a write");
    assert_eq!(cursor(db), 0);
    submit_all(&store, others(400)).await;
    assert_eq!(step(&store, false).await, Some(Expanded::default()));
    assert_eq!(cursor(db), 501);
    // Before it is old, it is written down what was seen.
    submit_all(&store, others(1)).await;
    assert_eq!(step(&store, false).await, None);
    assert_eq!(step(&store, true).await, Some(Expanded::default()));
    assert_eq!(cursor(db), 502);
    assert_eq!(step(&store, true).await, None);
    db.check();
}

async fn what_retention_takes_from_the_hooks_of_runs_is_counted(db: &Database) {
    let store = db.open();
    submit_all(&store, with_hook(None)).await;
    claimed(&store, "a").await;
    let remove = || store.write(|batch| store::retention::events(batch, NOW + 1));
    remove().await.unwrap();
    let taken = step(&store, false).await.expect("a step");
    assert_eq!((taken.missed, taken.deliveries), (2, 0));
    assert_eq!(step(&store, true).await, None);
    // What was seen is not missed.
    submitted(&store, job()).await;
    assert!(step(&store, true).await.is_some());
    remove().await.unwrap();
    assert_eq!(step(&store, true).await, None);
}
