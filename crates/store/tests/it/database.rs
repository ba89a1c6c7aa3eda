//! A database of a test's own, of either sort, gone at its end.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use store::{Location, Store};
use tempfile::TempDir;

use crate::sample::NOW;

/// Longer than anything takes that is going to happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Each test on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { $crate::database::on_sqlite(super::$test); })+
        }
        mod postgres {
            $(#[test] fn $test() { $crate::database::on_postgres(super::$test); })+
        }
    };
}
pub(crate) use on_both;

/// A database that no other test uses.
pub(crate) struct Database {
    pub(crate) location: Location,
    _home: Home,
}

/// What is removed at the end.
#[expect(dead_code, reason = "it is only dropped")]
enum Home {
    Directory(TempDir),
    Server(private_postgres::Database),
    Borrowed,
}

pub(crate) fn on_sqlite(test: impl AsyncFnOnce(&Database)) {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(directory.path().join("playhouse.db"));
    run(
        &Database {
            location,
            _home: Home::Directory(directory),
        },
        test,
    );
}

pub(crate) fn on_postgres(test: impl AsyncFnOnce(&Database)) {
    let database = private_postgres::Database::create("store");
    let location = Location::Postgres(database.url().to_owned());
    let _home = Home::Server(database);
    run(&Database { location, _home }, test);
}

/// A test on a PostgreSQL server that it may stop.
pub(crate) fn on_server(url: &str, test: impl AsyncFnOnce(&Database)) {
    run(
        &Database {
            location: Location::Postgres(url.to_owned()),
            _home: Home::Borrowed,
        },
        test,
    );
}

fn run(database: &Database, test: impl AsyncFnOnce(&Database)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test(database));
}

impl Database {
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.location, Location::Postgres(_))
    }

    /// A store on this database; another one each time.
    pub(crate) fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    /// Two stores on this database: of two servers where that may be, else one twice.
    pub(crate) fn stores(&self) -> [Store; 2] {
        let first = self.open();
        let second = if self.is_postgres() {
            self.open()
        } else {
            first.clone()
        };
        [first, second]
    }

    pub(crate) fn try_open(&self) -> Result<Store, store::Error> {
        open(&self.location)
    }

    /// The rows of a query as text, past the store.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        rows(&self.location, sql)
    }

    pub(crate) fn check(&self) {
        check(&self.location);
    }
}

fn rows(location: &Location, sql: &str) -> Vec<Vec<String>> {
    match location {
        Location::Sqlite(path) => sqlite_rows(path, sql),
        Location::Postgres(url) => private_postgres::rows(url, sql),
    }
}

/// Counters say how many rows there are, each run has the rows that belong to it, and events have
/// numbers without a gap.
pub(crate) fn check(location: &Location) {
    let counted = rows(
        location,
        "SELECT kind, status, priority, n FROM counters WHERE n <> 0 ORDER BY kind, status, priority",
    );
    let there = rows(
        location,
        "SELECT kind, status, priority, count(*) FROM runs GROUP BY kind, status, priority
         ORDER BY kind, status, priority",
    );
    assert_eq!(counted, there, "counters (left) and rows (right)");
    let odd = "SELECT count(*) FROM runs WHERE id NOT IN (SELECT run_id FROM inputs)
        OR starts <> (SELECT count(*) FROM attempts WHERE run_id = runs.id)
        OR (status = 'running') <> EXISTS (SELECT 1 FROM attempts
            WHERE run_id = runs.id AND attempts.status = 'running')";
    assert_eq!(
        rows(location, odd),
        [["0"]],
        "runs whose inputs or attempts do not fit"
    );
    let open = "SELECT count(*) FROM parts WHERE ended_at IS NULL
        AND run_id NOT IN (SELECT id FROM runs WHERE status = 'running' OR status = 'waiting'
            OR status = 'queued')";
    assert_eq!(rows(location, open), [["0"]], "open parts of ended runs");
    let ends = rows(location, "SELECT removed + 1, newest FROM event_head");
    let audit =
        "SELECT newest - removed - (SELECT count(*) FROM audit) FROM audit_head, audit_start";
    assert_eq!(rows(location, audit), [["0"]], "lines of the audit");
    let events = rows(location, "SELECT count(*), min(seq), max(seq) FROM events");
    if events[0][0] != "0" {
        assert_eq!(events[0][1..], ends[0], "the ends of the event log");
        let span = "SELECT max(seq) - min(seq) + 1 FROM events";
        assert_eq!(
            rows(location, span)[0][0],
            events[0][0],
            "event numbers have a gap"
        );
    }
}

/// Opening waits for the database, so it has a thread of its own.
pub(crate) fn open(location: &Location) -> Result<Store, store::Error> {
    static NAME: AtomicU64 = AtomicU64::new(1);
    let name = NAME.fetch_add(1, Ordering::Relaxed);
    std::thread::scope(|scope| {
        scope
            .spawn(|| Store::open(location, name, NOW))
            .join()
            .unwrap()
    })
}

fn sqlite_rows(path: &std::path::Path, sql: &str) -> Vec<Vec<String>> {
    use rusqlite::types::ValueRef;
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(DEADLINE).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => value.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("{bytes:02x?}"),
    };
    let row = |row: &rusqlite::Row<'_>| (0..width).map(|n| Ok(text(row.get_ref(n)?))).collect();
    statement
        .query_map([], row)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < DEADLINE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
