//! The driver between one SQL text and two databases. Only this folder names a dialect.
//!
//! The text is the portable subset: `$1` placeholders, `TEXT`, `BIGINT`, `DOUBLE PRECISION`, bytes,
//! no booleans, no `now()`. Where the two differ a statement names one of the fragments below.

mod postgres;
mod row;
mod sqlite;
mod value;

pub(crate) use postgres::{Listener, PostgresConnection};
pub(crate) use row::Row;
pub(crate) use sqlite::{SqliteConnection, backup};
pub(crate) use value::Value;

use std::sync::LazyLock;

use prometheus_client::metrics::counter::Counter;

use crate::Error;

/// The fragments: name, SQLite, PostgreSQL.
const FRAGMENTS: &[(&str, &str, &str)] = &[
    // Runs that another transaction has locked are passed over. SQLite has one writer.
    ("{skip_locked}", "", "FOR UPDATE OF runs SKIP LOCKED"),
    // By queue. SQLite would take an index that has to be sorted.
    ("{by_queue}", "INDEXED BY runs_ready", ""),
    // The rows stay as they are until the end of the transaction.
    ("{lock}", "", "FOR UPDATE"),
    // Waits until no other transaction is between this and its end.
    // SQLite has one writer.
    ("{take_turns}", "", "SELECT pg_advisory_xact_lock(8096);"),
    // The version of the database program.
    (
        "{program_version}",
        "sqlite_version()",
        "current_setting('server_version')",
    ),
    // 1 when the table of the schema's version is there, else 0.
    (
        "{has_schema}",
        "EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_version')",
        "(to_regclass('schema_version') IS NOT NULL)::int",
    ),
    // 1 when tables may be made, else 0.
    (
        "{may_create}",
        "1",
        "COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE)::int",
    ),
    // A function: the place of its second bytes in its first, from 1, or 0.
    ("{find_bytes}", "INSTR", "pg_catalog.\"position\""),
    // The type of bytes.
    ("{bytes}", "BLOB", "BYTEA"),
    // The table is stored in the order of its primary key.
    ("{clustered}", "WITHOUT ROWID", ""),
];

/// Where a PostgreSQL is, without the password; `None` when the URL does not say.
pub(crate) fn postgres_hosts(url: &str) -> Option<String> {
    postgres::hosts(url)
}

/// A list of values for one run of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::driver::Value::from($value)),*] };
}
pub(crate) use args;

/// A connection to either database.
pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(Box<PostgresConnection>),
}

/// What became of a commit.
pub(crate) enum Committed {
    /// It is on disk.
    Yes,
    /// It is not, and nothing of it is.
    No(Error),
}

impl Connection {
    /// Prepares a connection for writing, once the schema is there. Its name is unique.
    pub(crate) fn enrol(&mut self, name: String, now: i64) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => connection.enrol(name, now),
        }
    }

    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.batch("BEGIN IMMEDIATE"),
            Self::Postgres(connection) => connection.begin(),
        }
    }

    /// `notice` is what other servers are told once the commit is done.
    pub(crate) fn commit(&mut self, notice: Option<&str>) -> Committed {
        match self {
            Self::Sqlite(connection) => match connection.batch("COMMIT") {
                Ok(()) => Committed::Yes,
                Err(error) => {
                    connection.roll_back();
                    Committed::No(error)
                }
            },
            Self::Postgres(connection) => connection.commit(notice),
        }
    }

    pub(crate) fn roll_back(&mut self) {
        match self {
            Self::Sqlite(connection) => connection.roll_back(),
            Self::Postgres(connection) => connection.roll_back(),
        }
    }

    /// Starts a transaction that only reads and sees one state of the database.
    pub(crate) fn begin_read(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.batch("BEGIN"),
            Self::Postgres(connection) => connection.begin_read(),
        }
    }

    /// False when an error ended the transaction.
    fn is_in_transaction(&self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.is_in_transaction(),
            Self::Postgres(connection) => connection.is_connected(),
        }
    }

    pub(crate) fn tx(&mut self) -> Tx<'_> {
        Tx { connection: self }
    }

    /// Runs statements that are separated by semicolons.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.batch(&sqlite::translate(sql)),
            Self::Postgres(connection) => connection.batch(&postgres::translate(sql)),
        }
    }
}

/// What all connections of this process have executed, a row of values each.
pub(crate) static STATEMENTS: LazyLock<Counter> = LazyLock::new(Counter::default);

/// A transaction that is under way.
pub(crate) struct Tx<'connection> {
    connection: &'connection mut Connection,
}

impl Tx<'_> {
    /// Runs a statement; says how many rows it changed.
    pub(crate) fn exec(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, Error> {
        self.exec_many(sql, &[args])
    }

    /// Runs a statement once for each row of values; says how many rows it changed in all.
    pub(crate) fn exec_many<'a, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
    ) -> Result<u64, Error> {
        STATEMENTS.inc_by(rows.len() as u64);
        match self.connection {
            Connection::Sqlite(connection) => connection.exec_many(sql, rows),
            Connection::Postgres(connection) => connection.exec_many(sql, rows),
        }
    }

    /// Every row of a query.
    pub(crate) fn all<T>(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        Ok(self.all_many(sql, &[args], read)?.pop().unwrap_or_default())
    }

    /// Every row of a query, for each row of values.
    pub(crate) fn all_many<'a, T, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Vec<T>>, Error> {
        STATEMENTS.inc_by(rows.len() as u64);
        match self.connection {
            Connection::Sqlite(connection) => connection.all_many(sql, rows, &read),
            Connection::Postgres(connection) => connection.all_many(sql, rows, &read),
        }
    }

    /// The first row of a query.
    pub(crate) fn first<T>(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        Ok(self.all(sql, args, read)?.into_iter().next())
    }

    /// The first row of a query, for each row of values.
    pub(crate) fn first_many<'a, T, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Option<T>>, Error> {
        let found = self.all_many(sql, rows, read)?;
        Ok(found
            .into_iter()
            .map(|rows| rows.into_iter().next())
            .collect())
    }

    /// Runs `work` so that nothing of it remains when it fails.
    pub(crate) fn savepoint<T>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.connection.batch("SAVEPOINT item")?;
        let result = work(&mut Tx {
            connection: self.connection,
        });
        if !self.connection.is_in_transaction() {
            // An error ended the whole transaction, whatever `work` made of it.
            let ended = || Error::Unavailable("the transaction was ended by an error".to_owned());
            return Err(result.err().filter(Error::is_fatal).unwrap_or_else(ended));
        }
        // The release fails when `work` went on after an error and says that all is well.
        let result = result.and_then(|value| {
            self.connection.batch("RELEASE SAVEPOINT item")?;
            Ok(value)
        });
        if let Err(error) = &result
            && !error.is_fatal()
        {
            self.connection
                .batch("ROLLBACK TO SAVEPOINT item; RELEASE SAVEPOINT item")?;
        }
        result
    }

    /// How the database would run a query: for the tests that watch the claim's index.
    pub(crate) fn plan(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<String, Error> {
        match self.connection {
            Connection::Sqlite(connection) => connection.plan(sql, args),
            Connection::Postgres(connection) => connection.plan(sql, args),
        }
    }
}

fn fill(sql: &str, pick: impl Fn(&(&str, &'static str, &'static str)) -> &'static str) -> String {
    FRAGMENTS.iter().fold(sql.to_owned(), |text, fragment| {
        if text.contains(fragment.0) {
            text.replace(fragment.0, pick(fragment))
        } else {
            text
        }
    })
}
