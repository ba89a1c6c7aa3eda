//! Tests on either sort of database. What a test does is the same: where the servers of its beds keep what they
//! have is decided here.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use store::Location;

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
    /// Names of the test's databases by data directories; nothing on SQLite. A test has one thread.
    static NAMES: RefCell<Option<BTreeMap<PathBuf, String>>> = const { RefCell::new(None) };
}

/// The databases of one test on PostgreSQL, gone at its end.
pub(crate) struct Databases(());

impl Databases {
    pub(crate) fn on_postgres() -> Self {
        NAMES.set(Some(BTreeMap::new()));
        Self(())
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        for name in NAMES.take().unwrap_or_default().into_values() {
            execute(format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// The URL of the database that goes with a data directory, the same each time; nothing on SQLite, which is
/// in the directory.
pub(crate) fn url(data_dir: &Path) -> Option<String> {
    NAMES.with_borrow_mut(|names| {
        let name = names
            .as_mut()?
            .entry(data_dir.to_owned())
            .or_insert_with(|| {
                let name = format!("server_{}", uuid::Uuid::new_v4().simple());
                execute(format!("CREATE DATABASE {name}"));
                name
            });
        let admin = private_postgres::common_url();
        let (server, _) = admin.rsplit_once('/').expect("the URL names a database");
        Some(format!("{server}/{name}"))
    })
}

/// Where the database is that goes with a data directory.
pub(crate) fn location(data_dir: &Path) -> Location {
    match url(data_dir) {
        Some(url) => Location::Postgres(url),
        None => Location::Sqlite(data_dir.join("playhouse.db")),
    }
}

/// Runs a statement on the maintenance database, on a thread of its own: the test's own has a runtime.
fn execute(sql: String) {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let admin = private_postgres::common_url();
            let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls)
                .await
                .expect("the tests' PostgreSQL answers");
            let connection = tokio::spawn(connection);
            client.batch_execute(&sql).await.expect("it is done");
            drop(client);
            let ended = connection.await.expect("no panic");
            ended.expect("the connection ends in order");
        });
    };
    std::thread::spawn(work).join().expect("no panic");
}
