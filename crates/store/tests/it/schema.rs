//! Databases that were there before: older, newer, copied, opened by several at once.

use engine::{AttemptOutcome, Status};
use store::{Condition, Error, Location, Store, events, inspect, runs};

use crate::{
    database::{Database, on_both, on_sqlite, open},
    sample::*,
};

on_both!(
    everything_is_there_after_a_restart,
    a_newer_database_is_refused,
    a_look_tells_the_condition_and_changes_nothing,
    several_open_a_new_database_at_once,
);

async fn everything_is_there_after_a_restart(db: &Database) {
    let store = db.open();
    let run = running(&store, job()).await;
    let queued = submitted(&store, job()).await;
    let cancelled = submitted(&store, job()).await;
    cancel(&store, cancelled).await;
    drop(store);
    let store = db.open();
    assert_eq!(details(&store, run.id).await.run, run);
    assert_eq!(
        details(&store, cancelled).await.run.state.status(),
        Status::Cancelled
    );
    assert_eq!(*store.wake().head().borrow(), 5);
    ended(&store, &run, AttemptOutcome::Completed).await;
    assert_eq!(claimed_ids(&store, "b", 9).await, [queued]);
    assert_eq!(read(&store, events::extent).await.newest, 7);
    db.check();
}

async fn a_newer_database_is_refused(db: &Database) {
    let store = db.open();
    submitted(&store, job()).await;
    drop(store);
    let known = db.rows("SELECT version FROM schema_version")[0][0]
        .parse::<i64>()
        .unwrap();
    db.rows("UPDATE schema_version SET version = version + 1");
    let Err(Error::Newer { found, known: ours }) = db.try_open() else {
        panic!("opened")
    };
    assert_eq!((found, ours), (known + 1, known));
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["1"]]);
    db.rows("UPDATE schema_version SET version = version - 1");
    drop(db.open());
}

/// Looking waits for the database, so it has a thread of its own.
fn looked(db: &Database) -> Result<Condition, Error> {
    std::thread::scope(|scope| scope.spawn(|| inspect(&db.location)).join().unwrap())
}

/// Everything that a look could leave behind: files beside the database's, or tables.
fn traces(db: &Database) -> Vec<Vec<String>> {
    match &db.location {
        Location::Sqlite(path) => {
            let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            vec![names]
        }
        Location::Postgres(_) => {
            db.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        }
    }
}

async fn a_look_tells_the_condition_and_changes_nothing(db: &Database) {
    let same_after_look = |expected: i64| {
        let before = traces(db);
        let condition = looked(db).unwrap();
        assert_eq!(traces(db), before);
        assert_eq!(condition.schema, expected, "{condition:?}");
        assert!(
            condition
                .program_version
                .starts_with(|c: char| c.is_ascii_digit())
        );
        condition.known
    };
    let known = same_after_look(0);
    let store = db.open();
    same_after_look(known);
    drop(store);
    same_after_look(known);
    if let Location::Sqlite(path) = &db.location {
        let closed = vec![vec![path.file_name().unwrap().to_str().unwrap().to_owned()]];
        assert_eq!(traces(db), closed, "no look made files beside it");
    }
    db.rows("UPDATE schema_version SET version = version - 1");
    same_after_look(known - 1);
    db.rows("UPDATE schema_version SET version = version + 2");
    let newer = looked(db);
    assert!(matches!(newer, Err(Error::Newer { .. })), "{newer:?}");
}

async fn several_open_a_new_database_at_once(db: &Database) {
    let stores: Vec<Store> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| db.open())).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for store in &stores {
        submitted(store, job()).await;
    }
    drop(stores);
    db.check();
}

#[test]
fn a_backup_of_a_live_database_holds_the_same() {
    on_sqlite(async |db| {
        let Location::Sqlite(path) = &db.location else {
            unreachable!()
        };
        let store = db.open();
        let run = running(&store, job()).await;
        ended(&store, &run, AttemptOutcome::Completed).await;
        let copy = path.with_extension("backup");
        // While it is written to: the copy is what was there at one moment.
        let writer = store.clone();
        let load = tokio::spawn(async move {
            for _ in 0..100 {
                submit_all(&writer, submit([job(), job()])).await;
            }
        });
        for _ in 0..5 {
            let (from, to) = (path.clone(), copy.clone());
            tokio::task::spawn_blocking(move || store::backup(&from, &to))
                .await
                .unwrap()
                .unwrap();
            let count = count(&copy);
            assert!(count % 2 == 1, "half a submit is in the copy: {count} runs");
        }
        load.await.unwrap();
        store::backup(path, &copy).unwrap();
        assert_eq!(count(&copy), 201);
        let copied = open(&Location::Sqlite(copy)).unwrap();
        assert_eq!(
            details(&copied, run.id).await.run,
            details(&store, run.id).await.run
        );
        let all = |store: &Store| {
            let store = store.clone();
            async move { read(&store, |read| events::after(read, 0, None, 10_000)).await }
        };
        assert_eq!(all(&copied).await, all(&store).await);
        assert_eq!(
            read(&copied, runs::counts).await,
            read(&store, runs::counts).await
        );
        submitted(&copied, job()).await;
        assert!(store::backup(&path.with_extension("missing"), &path.with_extension("x")).is_err());
    });
}

fn count(path: &std::path::Path) -> i64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    let whole: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    connection
        .query_row("SELECT count(*) FROM runs", [], |row| row.get(0))
        .unwrap()
}
