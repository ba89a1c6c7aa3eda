//! How long a receiver is left alone, and what a server leaves behind that stops.

use store::{
    Store,
    hooks::{self, Opened, Outcome},
};

use super::{CLAIM_MS, claim_at, expand, finish, hook, shown, take};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_pause_holds_what_is_under_way_and_is_never_shortened,
    a_released_delivery_is_due,
    an_interrupted_delivery_goes_before_all_that_waits,
);

fn again(due_at: i64, pause: bool) -> Outcome {
    Outcome::Again { due_at, pause }
}

async fn a_pause_holds_what_is_under_way_and_is_never_shortened(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["job.submitted"]).await;
    for _ in 0..5 {
        submitted(&store, job()).await;
    }
    expand(&store).await;
    let sent = take(&store, 4).await;
    assert_eq!(sent.len(), 4, "the fifth waits");
    let until = NOW + 60_000;
    assert!(finish(&store, &sent[0], again(until, true), NOW).await);
    // Of those that were under way, one just fails, and one names an earlier time.
    assert!(finish(&store, &sent[1], again(NOW + 4_000, false), NOW).await);
    assert!(finish(&store, &sent[2], again(NOW + 5_000, true), NOW).await);
    let release = [("h".to_owned(), sent[3].number)];
    write(&store, move |batch| {
        hooks::release(batch, "a", &release, NOW)
    })
    .await;
    for number in 1..=5 {
        let due_at = shown(&store, "h", number).await.due_at;
        assert_eq!(due_at, Some(until), "delivery {number}");
    }
    // What comes now waits as well.
    submitted(&store, job()).await;
    expand(&store).await;
    assert!(claim_at(&store, "a", 9, until - 1).await.is_empty());
    assert_eq!(claim_at(&store, "a", 9, until).await.len(), 6);
    db.check();
}

async fn release(store: &Store, claimant: &'static str) {
    let claims = [("h".to_owned(), 1)];
    write(store, move |batch| {
        hooks::release(batch, claimant, &claims, NOW + 1)
    })
    .await;
}

async fn a_released_delivery_is_due(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["job.submitted"]).await;
    submitted(&store, job()).await;
    expand(&store).await;
    assert_eq!(take(&store, 1).await.len(), 1);
    assert_eq!(shown(&store, "h", 1).await.due_at, None, "it is being sent");
    release(&store, "b").await;
    assert_eq!(shown(&store, "h", 1).await.due_at, None, "it is not theirs");
    release(&store, "a").await;
    let row = shown(&store, "h", 1).await;
    assert_eq!((row.due_at, row.attempts), (Some(NOW + 1), 1));
    let opened = store
        .write(|batch| hooks::replay(batch, "h", 1, &entry("hook.replay", "hook", "h")))
        .await;
    let Ok(Opened::Yes(row)) = opened else {
        panic!("{opened:?}");
    };
    assert_eq!(row.due_at, Some(NOW), "it need not wait");
    let taken = claim_at(&store, "b", 1, NOW).await;
    assert_eq!((taken.len(), taken[0].attempt), (1, 2));
    assert!(
        claim_at(&store, "b", 1, NOW + CLAIM_MS - 1)
            .await
            .is_empty()
    );
}

async fn an_interrupted_delivery_goes_before_all_that_waits(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["job.submitted"]).await;
    for _ in 0..20 {
        submitted(&store, job()).await;
    }
    expand(&store).await;
    assert_eq!(take(&store, 2).await.len(), 2);
    // Their sender is gone.
    let later = NOW + CLAIM_MS;
    let numbers = |taken: Vec<hooks::Sending>| -> Vec<i64> {
        taken.into_iter().map(|one| one.number).collect()
    };
    let taken = claim_at(&store, "b", 3, later).await;
    assert_eq!(numbers(taken), [1, 2, 3]);
    let taken = claim_at(&store, "b", 3, later).await;
    assert_eq!(numbers(taken), [4, 5, 6]);
    db.check();
}
