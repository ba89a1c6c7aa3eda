//! Tests on either sort of database. What a test does is the same: where its servers keep their data is
//! decided here.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use private_postgres::Database;
use store::{Location, Store};

/// Each test on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test().await; })+
        }
        mod postgres {
            $(#[tokio::test] async fn $test() {
                let _databases = $crate::database::Databases::on_postgres();
                super::$test().await;
            })+
        }
    };
}
pub(crate) use on_both;

thread_local! {
    /// The test's databases by data directories; nothing on SQLite. A test has one thread.
    static DATABASES: RefCell<Option<BTreeMap<PathBuf, Database>>> = const { RefCell::new(None) };
}

/// The databases of one test on PostgreSQL, gone at its end.
pub(crate) struct Databases(());

impl Databases {
    pub(crate) fn on_postgres() -> Self {
        DATABASES.set(Some(BTreeMap::new()));
        Self(())
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        drop(DATABASES.take());
    }
}

/// The URL of the database that goes with a data directory, the same each time; nothing on SQLite, which is
/// in the directory.
pub(crate) fn url(data_dir: &Path) -> Option<String> {
    DATABASES.with_borrow_mut(|databases| {
        let databases = databases.as_mut()?.entry(data_dir.to_owned());
        let database = databases.or_insert_with(|| Database::create("server"));
        Some(database.url().to_owned())
    })
}

/// Where the database is that goes with a data directory.
pub(crate) fn location(data_dir: &Path) -> Location {
    match url(data_dir) {
        Some(url) => Location::Postgres(url),
        None => Location::Sqlite(data_dir.join("playhouse.db")),
    }
}

/// A store on it, beside the server's own or without one. A client of PostgreSQL that connects has a runtime
/// of its own, so this has a thread.
pub(crate) async fn store(data_dir: &Path, now: i64) -> Store {
    let location = location(data_dir);
    let open = move || Store::open(&location, 1, now).expect("it opens");
    tokio::task::spawn_blocking(open).await.expect("no panic")
}
