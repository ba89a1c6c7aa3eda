//! The audit's lines when the clock that dates them jumps: none goes early, and none stays forever.

use store::{Store, audit};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_clock_that_went_back_takes_no_line_early,
    a_clock_that_was_ahead_keeps_no_line_for_ever,
    a_page_of_lines_that_were_ahead_goes_with_what_follows,
);

const AHEAD: i64 = NOW + 1_000_000_000_000;

async fn record(store: &Store, times: &[i64]) {
    let entries: Vec<_> = times
        .iter()
        .map(|at| act_at(*at, "job.submit", "job", "x"))
        .collect();
    let record = move |batch: &mut store::Batch<'_, '_>| {
        entries.iter().for_each(|entry| batch.record(entry));
        Ok(())
    };
    write(store, record).await;
}

/// How many lines go; the rest must be a whole chain.
async fn retain(store: &Store, before: i64) -> u64 {
    let retain = store.write(move |batch| audit::retain(batch, before, NOW + 100));
    let deleted = retain.await.unwrap().deleted;
    let found = audit::verify(store).await.unwrap();
    assert_eq!(found.broken, None);
    deleted
}

async fn a_clock_that_went_back_takes_no_line_early(db: &Database) {
    let store = db.open();
    record(&store, &[NOW, NOW + 1, 0, NOW + 2, NOW + 3]).await;
    assert_eq!(retain(&store, NOW).await, 0);
    assert_eq!(retain(&store, NOW + 1).await, 1);
    // It goes with the one before it, whose age is known.
    assert_eq!(retain(&store, NOW + 2).await, 2);
    assert_eq!(retain(&store, NOW + 100).await, 2);
    db.check();
}

async fn a_clock_that_was_ahead_keeps_no_line_for_ever(db: &Database) {
    let store = db.open();
    record(
        &store,
        &[AHEAD, NOW, AHEAD, AHEAD + 1, NOW + 1, AHEAD, NOW + 9],
    )
    .await;
    assert_eq!(retain(&store, NOW).await, 0);
    assert_eq!(retain(&store, NOW + 1).await, 2);
    assert_eq!(retain(&store, NOW + 2).await, 3);
    assert_eq!(retain(&store, NOW + 10).await, 2);
    db.check();
}

async fn a_page_of_lines_that_were_ahead_goes_with_what_follows(db: &Database) {
    let store = db.open();
    record(&store, &[AHEAD; 6_000]).await;
    assert_eq!(
        retain(&store, NOW + 1).await,
        0,
        "nothing says how old they are"
    );
    record(&store, &[NOW, NOW + 5]).await;
    assert_eq!(retain(&store, NOW).await, 0);
    assert_eq!(retain(&store, NOW + 1).await, 5_000);
    assert_eq!(retain(&store, NOW + 1).await, 1_001);
    assert_eq!(retain(&store, NOW + 1).await, 0);
    db.check();
}
