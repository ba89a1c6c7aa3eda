//! Each line holds the hash of the one before it: a changed one is detected.

use store::{
    Store,
    audit::{Broken, Filter, Target, Verified},
};

use super::{asked, page, record, verified, whole};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_changed_line_is_found,
    a_moved_or_removed_line_is_found,
    two_servers_write_one_chain,
);

/// Runs `spoil` on the database past the store, verifies, and mends it.
async fn spoilt(db: &Database, store: &Store, spoil: &[&str]) -> Option<i64> {
    for sql in spoil {
        db.rows(sql);
    }
    let broken = verified(store).await.broken;
    for sql in MEND {
        db.rows(sql);
    }
    whole(store).await;
    broken.map(|Broken { number, .. }| number)
}

/// What makes the chain as it was kept.
const MEND: [&str; 5] = [
    "DELETE FROM audit",
    "INSERT INTO audit SELECT * FROM kept",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head SELECT * FROM kept_head",
    "UPDATE audit_start SET removed = 0",
];

/// A chain of six lines, the fourth of several runs, with a copy that it can be mended from.
async fn kept(db: &Database) -> (Store, Verified) {
    let store = db.open();
    assert_eq!(whole(&store).await.lines, 0);
    for run in [job(), job(), job()] {
        submit_all(&store, asked(run)).await;
    }
    let several = Target::runs("job", &[id_at(NOW), id_at(NOW)]);
    record(&store, entry("job.submit", "job", "").on(several)).await;
    for run in [job(), job()] {
        submit_all(&store, asked(run)).await;
    }
    let found = whole(&store).await;
    assert_eq!((found.lines, found.removed, found.newest), (6, 0, 6));
    db.rows("CREATE TABLE kept AS SELECT * FROM audit");
    db.rows("CREATE TABLE kept_head AS SELECT * FROM audit_head");
    (store, found)
}

async fn a_changed_line_is_found(db: &Database) {
    let (store, _) = kept(db).await;
    let columns = [
        "at = at + 1",
        "actor = 'k2'",
        "actor_name = ''",
        "origin = '192.0.2.8'",
        "action = 'job.retry'",
        "target_kind = 'key'",
        "target = last_target",
        "last_target = target",
        "last_target = NULL, runs = NULL",
        "runs = hash",
        "outcome = 'failed'",
        "detail = 'x'",
        "times = 2",
        "hash = (SELECT hash FROM kept WHERE number = 3)",
        // What moves between two fields moves.
        "actor = 'k', actor_name = '1a user'",
    ];
    for column in columns {
        let spoil = format!("UPDATE audit SET {column} WHERE number = 4");
        let broken = spoilt(db, &store, &[&spoil]).await;
        assert_eq!(broken, Some(4), "{column}");
    }
}

async fn a_moved_or_removed_line_is_found(db: &Database) {
    let (store, found) = kept(db).await;
    let swap = [
        "UPDATE audit SET number = 9 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 3",
        "UPDATE audit SET number = 3 WHERE number = 9",
    ];
    assert_eq!(spoilt(db, &store, &swap).await, Some(2));
    let head = "UPDATE audit_head SET hash = (SELECT hash FROM kept WHERE number = 5)";
    let cases = [
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 6", 6),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET number = 7 WHERE number = 6", 7),
        ("UPDATE audit_head SET newest = 5", 6),
        ("UPDATE audit_head SET newest = 7", 7),
        (head, 6),
        ("UPDATE audit_start SET removed = 2", 1),
    ];
    for (spoil, number) in cases {
        let broken = spoilt(db, &store, &[spoil]).await;
        assert_eq!(broken, Some(number), "{spoil}");
    }
    // A chain that is cut off and mended at its end is one: only a hash that was kept tells.
    db.rows("DELETE FROM audit WHERE number = 6");
    db.rows("UPDATE audit_head SET newest = 5, hash = (SELECT hash FROM kept WHERE number = 5)");
    let cut = whole(&store).await;
    assert_ne!((cut.newest, cut.hash), (found.newest, found.hash));
}

async fn two_servers_write_one_chain(db: &Database) {
    let stores = [db.open(), db.open()];
    let submits = (0..200).map(|n| stores[n % 2].submit(asked(job())));
    for answer in futures_util::future::join_all(submits).await {
        answer.unwrap();
    }
    for store in &stores {
        let found = whole(store).await;
        assert_eq!((found.lines, found.newest), (200, 200));
    }
    let all = page(
        &stores[0],
        Filter {
            limit: 1_000,
            ..Filter::default()
        },
    );
    let numbers: Vec<i64> = all.await.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, (1..=200).rev().collect::<Vec<_>>());
    db.check();
}
