//! Rows that cannot be read, as another program may leave them: the others do not wait for them.

use engine::{NewRun, Status};
use store::runs;

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    the_next_in_line_is_claimed,
    the_others_that_are_due_are_made_ready,
    the_other_leases_are_taken_away,
);

fn named(name: &str) -> NewRun {
    NewRun {
        name: name.to_owned(),
        ..job()
    }
}

fn spoil(db: &Database) {
    db.rows("UPDATE runs SET retry = 'not a policy' WHERE name = 'spoilt'");
}

async fn the_next_in_line_is_claimed(db: &Database) {
    let store = db.open();
    for _ in 0..3 {
        submitted(&store, named("spoilt")).await;
    }
    let mut whole = Vec::new();
    for _ in 0..3 {
        whole.push(submitted(&store, job()).await);
        submitted(&store, named("spoilt")).await;
    }
    spoil(db);
    let first = store.claim(claim("a", 1)).await.unwrap();
    let rest = store.claim(claim("a", 9)).await.unwrap();
    assert_eq!([ids(&first), ids(&rest)].concat(), whole);
    assert!(store.claim(claim("a", 9)).await.unwrap().is_empty());
    db.check();
}

async fn the_others_that_are_due_are_made_ready(db: &Database) {
    let store = db.open();
    let later = |name: &str| NewRun {
        not_before: Some(NOW + 1),
        ..named(name)
    };
    submitted(&store, later("spoilt")).await;
    let whole = submitted(&store, later("whole")).await;
    spoil(db);
    let due = |batch: &mut store::Batch<'_, '_>| runs::due(batch, 0, NOW + 1);
    assert_eq!(write(&store, due).await, (1, Some(NOW + 1)));
    assert_eq!(claimed_ids(&store, "a", 9).await, [whole]);
    assert_eq!(write(&store, due).await.0, 0);
}

async fn the_other_leases_are_taken_away(db: &Database) {
    let store = db.open();
    let spoilt = running(&store, named("spoilt")).await;
    let whole = running(&store, job()).await;
    spoil(db);
    let late = NOW + LEASE_MS;
    let ended = write(&store, move |batch| {
        runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.0, late)
    })
    .await;
    assert_eq!(ended, [whole.id]);
    let run = details(&store, whole.id).await.run;
    assert_eq!(run.state.status(), Status::Queued);
    let status = "SELECT status FROM runs WHERE name = 'spoilt'";
    assert_eq!(db.rows(status), [["running"]]);
    // Made whole again, it is like the others.
    db.rows("UPDATE runs SET retry = NULL");
    let ended = write(&store, move |batch| {
        runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.0, late)
    })
    .await;
    assert_eq!(ended, [spoilt.id]);
    db.check();
}
