//! How long a receiver is left alone, and what a server leaves behind that stops.

use store::{
    Store,
    hooks::{self, Opened, Outcome, Turns},
};

use super::{CLAIM_MS, claim_at, expand, finish, hook, look_at, many_hosts, shown, take};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_pause_holds_what_is_under_way_and_is_never_shortened,
    what_is_given_back_is_nobody_s,
    what_was_cut_off_goes_before_all_that_waits,
    a_lane_that_was_cut_off_waits_for_no_turn,
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
    assert_eq!(sent.len(), 4, "the fifth waits for a place");
    let until = NOW + 60_000;
    assert!(finish(&store, &sent[0], again(until, true), NOW).await);
    // Of those that were under way, one just fails, and one names an earlier time.
    assert!(finish(&store, &sent[1], again(NOW + 4_000, false), NOW).await);
    assert!(finish(&store, &sent[2], again(NOW + 5_000, true), NOW).await);
    let release = [("h".to_owned(), sent[3].number)];
    store
        .write(move |batch| hooks::release(batch, "a", &release, NOW))
        .await
        .unwrap();
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
    store
        .write(move |batch| hooks::release(batch, claimant, &claims, NOW + 1))
        .await
        .unwrap();
}

async fn what_is_given_back_is_nobody_s(db: &Database) {
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

async fn what_was_cut_off_goes_before_all_that_waits(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["job.submitted"]).await;
    for _ in 0..20 {
        submitted(&store, job()).await;
    }
    expand(&store).await;
    assert_eq!(take(&store, 2).await.len(), 2);
    // Whoever sent them is gone, and the others are due longer.
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

async fn a_lane_that_was_cut_off_waits_for_no_turn(db: &Database) {
    let store = db.open();
    many_hosts(&store, "a", 0..2_500).await;
    assert_eq!(expand(&store).await, 2_500);
    let turns = Turns::from([("a".to_owned(), "https://2000".to_owned())]);
    let (lanes, _) = look_at(&store, &turns, NOW).await;
    let last = lanes.last().expect("a lane").clone();
    assert!(!last.interrupted);
    let picks = vec![(last.clone(), 1)];
    let claim = move |batch: &mut store::Batch<'_, '_>| {
        hooks::claim(batch, "gone", &picks, NOW + CLAIM_MS, NOW)
    };
    assert_eq!(store.write(claim).await.unwrap().len(), 1);
    // One look sees a thousand lanes, and this one.
    let (lanes, _) = look_at(&store, &Turns::new(), NOW + CLAIM_MS).await;
    let found: Vec<_> = lanes.iter().filter(|lane| lane.interrupted).collect();
    assert_eq!((lanes.len(), found.len()), (1_001, 1));
    assert_eq!((&found[0].owner, &found[0].name), (&last.owner, &last.name));
}
