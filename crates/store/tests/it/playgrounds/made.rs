//! What is made, how long it lives, and what keeps it from being deleted.

use std::collections::BTreeSet;

use engine::{AttemptOutcome, Status};
use store::{
    Error,
    playgrounds::{self, Created, Deletion, NewOutcome, NewPlayground, PlayspecMade},
};

use super::{create, leave, made, new, room_and_spec, row, spec, told};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_playground_is_made_once_with_its_operation,
    there_are_no_more_than_there_may_be,
    numbers_are_never_given_out_twice,
    the_end_of_a_playground_is_told_once_and_tried_by_index,
    what_is_needed_is_not_deleted,
);

async fn a_playground_is_made_once_with_its_operation(db: &Database) {
    let store = db.open();
    room_and_spec(&store).await;
    let key = || Some(("k".to_owned(), b"h".to_vec()));
    let first = NewPlayground {
        idempotency: key(),
        ..new(1, "one")
    };
    assert_eq!(create(&store, first).await.unwrap(), Created::Made);
    let again = NewPlayground {
        idempotency: key(),
        ..new(2, "one")
    };
    assert_eq!(create(&store, again).await.unwrap(), Created::Repeated(1));
    let other = NewPlayground {
        idempotency: Some(("k".to_owned(), b"other".to_vec())),
        ..new(3, "x")
    };
    assert!(matches!(create(&store, other).await, Err(Error::KeyReused)));
    assert_eq!(
        create(&store, new(4, "one")).await.unwrap(),
        Created::NameTaken(1)
    );
    let missing = NewPlayground {
        playspec_id: 9,
        ..new(5, "x")
    };
    assert_eq!(create(&store, missing).await.unwrap(), Created::Missing);
    // What was refused left nothing behind.
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["1"]]);
    assert_eq!(told(&store).await, ["playground.created"]);
    let found = row(&store).await;
    assert_eq!(
        (found.last.status, found.last.action.as_str()),
        (Status::Queued, "create")
    );
    assert_eq!(
        read(&store, |read| playgrounds::secrets(read, 1))
            .await
            .len(),
        1
    );
    db.check();
}

async fn there_are_no_more_than_there_may_be(db: &Database) {
    let store = db.open();
    made(&store).await;
    let full = NewPlayground {
        most: (1, 10),
        ..new(6, "x")
    };
    assert_eq!(
        create(&store, full).await.unwrap(),
        Created::TooMany { in_playroom: false }
    );
    let full = NewPlayground {
        most: (10, 1),
        ..new(7, "x")
    };
    assert_eq!(
        create(&store, full).await.unwrap(),
        Created::TooMany { in_playroom: true }
    );
    let persists = |id, name| NewPlayground {
        persists: true,
        ..new(id, name)
    };
    assert_eq!(
        create(&store, persists(8, "two")).await.unwrap(),
        Created::Made
    );
    assert_eq!(
        create(&store, persists(9, "three")).await.unwrap(),
        Created::VolumesTaken(8)
    );
    db.check();
}

async fn numbers_are_never_given_out_twice(db: &Database) {
    let store = db.open();
    let all = (0..50).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { write(&store, playgrounds::next_id).await })
    });
    let mut numbers = BTreeSet::new();
    for number in all.collect::<Vec<_>>() {
        assert!(numbers.insert(number.await.unwrap()));
    }
    assert_eq!(numbers, (1..=50).collect());
}

async fn the_end_of_a_playground_is_told_once_and_tried_by_index(db: &Database) {
    let store = db.open();
    let run = made(&store).await;
    ended(&store, &run, AttemptOutcome::Completed).await;
    let unwarned = read(&store, |read| playgrounds::unwarned(read, NOW + 1_000, 9)).await;
    assert_eq!(unwarned, [(1, NOW, NOW + 1_000)]);
    let warn = |at| write(&store, move |batch| playgrounds::warn(batch, (1, at), NOW));
    assert!(!warn(NOW + 999).await, "its end is another one by now");
    assert!(warn(NOW + 1_000).await && !warn(NOW + 1_000).await);
    let expired = |now, tried| {
        read(&store, move |read| {
            playgrounds::expired(read, now, tried, 9)
        })
    };
    assert_eq!(expired(NOW + 999, NOW).await.len(), 0);
    assert_eq!(expired(NOW + 1_000, NOW).await.len(), 1);
    write(&store, |batch| {
        playgrounds::note_tried(batch, 1, NOW + 1_000)
    })
    .await;
    assert_eq!(expired(NOW + 1_000, NOW + 999).await.len(), 0);
    let (version, later) = (row(&store).await.version, NOW + 9_000);
    let extend = move |batch: &mut store::Batch<'_, '_>| {
        playgrounds::extend(
            batch,
            (1, version),
            later,
            &entry("playground.extend", "playground", "1"),
        )
    };
    assert!(write(&store, extend).await);
    assert!(!write(&store, extend).await, "it is another one by now");
    let unwarned = read(&store, move |read| playgrounds::unwarned(read, later, 9)).await;
    assert_eq!(unwarned.len(), 1, "it is told of the new end");
    let plan = read(&store, playgrounds::expiry_plan).await;
    if matches!(db.location, store::Location::Sqlite(_)) {
        assert!(plan.contains("playgrounds_expiring"), "{plan}");
    }
    db.check();
}

async fn what_is_needed_is_not_deleted(db: &Database) {
    let store = db.open();
    let run = made(&store).await;
    let act = || entry("playspec.delete", "playspec", "1");
    let spec_gone =
        move |batch: &mut store::Batch<'_, '_>| playgrounds::delete_playspec(batch, 1, &act());
    let room_gone =
        move |batch: &mut store::Batch<'_, '_>| playgrounds::delete_playroom(batch, 1, &act());
    assert_eq!(write(&store, spec_gone).await, Deletion::InUse(1));
    assert_eq!(write(&store, room_gone).await, Deletion::InUse(1));
    assert_eq!(spec(&store, "spec").await, PlayspecMade::NameTaken);
    // A file of a playspec keeps its blob.
    let blob = store::blobs::Blob {
        sha256: "ab".to_owned(),
        object: "o".to_owned(),
        size_bytes: 1,
    };
    let file = playgrounds::FileRow {
        id: 0,
        playspec_id: 1,
        name: "f".to_owned(),
        sha256: "ab".to_owned(),
        size_bytes: 1,
        mount_path: "/f".to_owned(),
        services: "[]".to_owned(),
        readonly: true,
        created_at: NOW,
    };
    let add = move |batch: &mut store::Batch<'_, '_>| {
        store::blobs::add(batch, &blob, 0)?;
        playgrounds::add_file(batch, &file, 1, &act())
    };
    assert_eq!(write(&store, add.clone()).await, Some(1));
    assert_eq!(
        write(&store, add).await,
        None,
        "there are as many as there may be"
    );
    let collect = |batch: &mut store::Batch<'_, '_>| store::blobs::collect(batch, "", 9, NOW);
    assert_eq!(write(&store, collect).await.objects.len(), 0);
    assert_eq!(
        read(&store, |read| playgrounds::playspec(read, Some(1), ""))
            .await
            .unwrap()
            .version,
        2
    );
    let remove = move |batch: &mut store::Batch<'_, '_>| {
        playgrounds::remove_file(batch, (1, 1), NOW, &act())
    };
    assert!(write(&store, remove).await);
    assert_eq!(write(&store, collect).await.objects, ["o"]);
    let gone = NewOutcome {
        removed: true,
        ..NewOutcome::default()
    };
    leave(&store, &run, gone).await.unwrap();
    ended(&store, &run, AttemptOutcome::Completed).await;
    let found = read(&store, |read| playgrounds::find(read, 1)).await;
    assert!(found.is_none());
    assert_eq!(write(&store, spec_gone).await, Deletion::Done);
    assert_eq!(write(&store, room_gone).await, Deletion::Done);
    db.check();
}
