//! A database of a test's own on the tests' common PostgreSQL.

use std::{
    process,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use tokio::runtime::Builder;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A database that is dropped with this.
#[derive(Debug)]
pub struct Database {
    admin: String,
    name: String,
    url: String,
}

impl Database {
    /// Creates one whose name begins with `prefix`.
    #[must_use]
    pub fn create(prefix: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (admin, next) = (crate::common_url(), NEXT.fetch_add(1, Ordering::Relaxed));
        // The server is there for one run of the tests, in which no two processes have one id at once.
        let name = format!("{prefix}_{}_{next}", process::id());
        rows(
            &admin,
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
        rows(&admin, &format!("CREATE DATABASE {name}"));
        let (server, _) = admin.rsplit_once('/').expect("the URL names a database");
        let url = format!("{server}/{name}");
        Self { admin, name, url }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        rows(&self.admin, &drop);
    }
}

/// Runs statements on the database of this URL; answers the rows as text. It has a thread of its own, as
/// the caller may be on a runtime.
///
/// # Panics
/// When the statements fail.
pub fn rows(url: &str, sql: &str) -> Vec<Vec<String>> {
    let query = async {
        let (client, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .expect("the tests' PostgreSQL answers");
        tokio::spawn(connection);
        let messages = client.simple_query(sql).await.expect("a correct statement");
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let text = |value: Option<&str>| value.unwrap_or("NULL").to_owned();
        rows.map(|row| (0..row.len()).map(|n| text(row.get(n))).collect())
            .collect()
    };
    let work = || {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(query)
    };
    thread::scope(|scope| scope.spawn(work).join().expect("no panic"))
}
