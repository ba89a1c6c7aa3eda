//! Keys and tickets: what is made once, and what is used once.

use store::{
    Store,
    keys::{self, Added, KeyRow, NewKey},
    tickets,
};

use crate::{
    database::{Database, on_both},
    sample::{NOW, act_at, entry, read, write},
};

on_both!(
    a_key_is_kept_and_revoked_once,
    the_first_key_is_made_once_on_two_servers,
    rivals_have_no_namesakes,
    a_ticket_is_good_for_one_use,
);

fn new(id: &str, role: &str, name: &str) -> NewKey {
    NewKey {
        row: KeyRow {
            id: id.to_owned(),
            prefix: format!("prefix of {id}"),
            hash: vec![0, 1, 255],
            name: name.to_owned(),
            role: role.to_owned(),
            scopes: "hooks:read".to_owned(),
            requests_per_minute: Some(60),
            created_at: NOW,
            expires_at: Some(NOW + 1_000),
            revoked_at: None,
            used_at: None,
            made_by: None,
        },
        may_be_first: true,
        must_be_first: false,
        rivals: None,
    }
}

async fn add(store: &Store, key: NewKey) -> Added {
    write(store, move |batch| {
        keys::add(batch, &key, &entry("key.create", "key", &key.row.id))
    })
    .await
}

async fn revoke(store: &Store, id: &'static str, now: i64) -> Option<KeyRow> {
    write(store, move |batch| {
        keys::revoke(batch, id, &act_at(now, "key.revoke", "key", id))
    })
    .await
}

async fn a_key_is_kept_and_revoked_once(db: &Database) {
    let store = db.open();
    assert_eq!(read(&store, keys::version).await, 0);
    let mut late = new("a", "user", "x");
    late.may_be_first = false;
    assert_eq!(add(&store, late).await, Added::First);
    let key = new("a", "user", "x");
    assert_eq!(add(&store, key.clone()).await, Added::Yes);
    let version = read(&store, keys::version).await;
    assert!(version > 0);
    let listed = read(&store, keys::list).await;
    assert_eq!(listed, std::slice::from_ref(&key.row));
    let used = vec![("a".to_owned(), NOW + 5), ("b".to_owned(), NOW)];
    write(&store, move |batch| keys::note_used(batch, &used)).await;
    let unchanged = read(&store, keys::version).await;
    assert_eq!(unchanged, version, "no server has to read the keys again");
    let expected = KeyRow {
        used_at: Some(NOW + 5),
        made_by: None,
        revoked_at: Some(NOW + 7),
        ..key.row
    };
    let live = |id, now| store.write(move |batch| keys::live(batch, id, now));
    let found = live("a", NOW + 999).await.unwrap();
    assert_eq!(found.map(|key| key.name), Some("x".to_owned()));
    assert_eq!(
        live("a", NOW + 1_000).await.unwrap(),
        None,
        "it has expired"
    );
    assert_eq!(live("b", NOW).await.unwrap(), None);
    assert_eq!(revoke(&store, "a", NOW + 7).await, Some(expected.clone()));
    assert_eq!(live("a", NOW + 7).await.unwrap(), None);
    let named = write(&store, |batch| keys::named(batch, "x")).await;
    assert_eq!(named, std::slice::from_ref(&expected), "revoked ones too");
    assert_eq!(revoke(&store, "a", NOW + 9).await, Some(expected));
    assert_eq!(revoke(&store, "b", NOW + 9).await, None);
    assert!(read(&store, keys::version).await > version);
}

async fn the_first_key_is_made_once_on_two_servers(db: &Database) {
    let stores = [db.open(), db.open()];
    let first = |id: usize| {
        let mut key = new(&id.to_string(), "admin", "x");
        key.must_be_first = true;
        add(&stores[id % 2], key)
    };
    let added = futures_util::future::join_all((0..10).map(first)).await;
    let made = added.iter().filter(|added| **added == Added::Yes).count();
    let refused = added
        .iter()
        .filter(|added| **added == Added::NotFirst)
        .count();
    assert_eq!((made, refused), (1, 9));
}

async fn rivals_have_no_namesakes(db: &Database) {
    let store = db.open();
    let with = |id: &str, name: &str, at| {
        let mut key = new(id, "executor", name);
        key.rivals = Some(|rival| rival.role == "executor");
        key.row.created_at = at;
        key
    };
    // A key that is no rival may have the name.
    assert_eq!(add(&store, new("u", "user", "builder")).await, Added::Yes);
    assert_eq!(add(&store, with("a", "builder", NOW)).await, Added::Yes);
    let taken = || add(&store, with("b", "builder", NOW));
    assert_eq!(taken().await, Added::NameTaken);
    assert_eq!(add(&store, with("c", "other", NOW)).await, Added::Yes);
    // One that was revoked or has expired blocks no other.
    revoke(&store, "a", NOW).await;
    assert_eq!(taken().await, Added::Yes);
    let later = with("d", "builder", NOW + 1_000);
    assert_eq!(add(&store, later).await, Added::Yes);
}

async fn a_ticket_is_good_for_one_use(db: &Database) {
    let stores = [db.open(), db.open()];
    let issue = |hash: &'static [u8], until| {
        stores[0].write(move |batch| tickets::add(batch, hash, "join", "builder", until, None))
    };
    issue(b"one", NOW + 10).await.unwrap();
    issue(b"old", NOW).await.unwrap();
    let take = |place: usize, hash: &'static [u8], purpose| {
        stores[place % 2].write(move |batch| tickets::take(batch, hash, purpose, NOW))
    };
    assert_eq!(take(0, b"one", "setup").await.unwrap(), None);
    assert_eq!(take(0, b"old", "join").await.unwrap(), None);
    assert_eq!(take(0, b"none", "join").await.unwrap(), None);
    let taken = (0..10).map(|place| take(place, b"one", "join"));
    let taken = futures_util::future::join_all(taken).await;
    let good: Vec<_> = taken.into_iter().filter_map(Result::unwrap).collect();
    let expected = tickets::Taken {
        subject: "builder".to_owned(),
        expires_at: NOW + 10,
    };
    assert_eq!(good, [expected]);
    let swept = stores[0].write(|batch| tickets::sweep(batch, NOW + 1));
    assert_eq!(swept.await.unwrap(), 1);
}
