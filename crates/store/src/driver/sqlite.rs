//! The SQLite side of the driver.

use std::{collections::HashMap, os::unix::ffi::OsStrExt, path::Path, sync::Arc, time::Duration};

use rusqlite::{
    OpenFlags, ToSql,
    backup::{Backup, StepResult},
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};

use super::{Row, Value, fill};
use crate::Error;

/// Prepared statements that are kept: more than the store has.
const STATEMENTS: usize = 256;

/// How long to wait for another connection's lock.
const BUSY: Duration = Duration::from_secs(10);

/// A connection, with the statements that it has translated.
pub(crate) struct SqliteConnection {
    connection: rusqlite::Connection,
    /// By the address and the length of the text, which is a constant of the program.
    translated: HashMap<(usize, usize), Arc<str>>,
}

impl SqliteConnection {
    /// The connection that writes: every commit is on disk before it returns.
    pub(crate) fn writer(path: &Path) -> Result<Self, Error> {
        let writer = Self::configured(rusqlite::Connection::open(path)?)?;
        let connection = &writer.connection;
        write_ahead(connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // 64 MiB of pages: the pages that change are those that changed lately.
        connection.pragma_update(None, "cache_size", -65_536)?;
        // Fewer, longer checkpoints: a checkpoint rewrites a page once however often it changed.
        connection.pragma_update(None, "wal_autocheckpoint", 10_000)?;
        Ok(writer)
    }

    /// A connection that cannot write.
    pub(crate) fn reader(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::configured(rusqlite::Connection::open_with_flags(path, flags)?)
    }

    /// A connection that cannot write and makes no file. A reader makes files beside a database
    /// that no process has open, and a server of another user could then not open those.
    pub(crate) fn visitor(path: &Path) -> Result<Self, Error> {
        let beside = |ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            Path::new(&name).exists()
        };
        if beside("-wal") && beside("-shm") {
            return Self::reader(path);
        }
        if !path.exists() {
            return Self::configured(rusqlite::Connection::open_in_memory()?);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let uri = immutable_uri(path);
        Self::configured(rusqlite::Connection::open_with_flags(uri, flags)?)
    }

    fn configured(connection: rusqlite::Connection) -> Result<Self, Error> {
        connection.busy_timeout(BUSY)?;
        // A plan is made without the values: with them, `LIMIT $1` is planned again at each run.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self {
            connection,
            translated: HashMap::new(),
        })
    }

    pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(Error::from)
    }

    /// Some errors end the transaction by themselves.
    pub(super) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    pub(super) fn roll_back(&self) {
        if self.is_in_transaction()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn text(&mut self, sql: &'static str) -> Arc<str> {
        self.translated
            .entry((sql.as_ptr().addr(), sql.len()))
            .or_insert_with(|| translate(sql).into())
            .clone()
    }

    /// Runs a statement once for each row of values; says how many rows it changed in all.
    pub(super) fn exec_many<'a, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
    ) -> Result<u64, Error> {
        if rows.is_empty() {
            return Ok(0);
        }
        let text = self.text(sql);
        let mut statement = self.connection.prepare_cached(&text)?;
        let mut changed = 0;
        for args in rows {
            changed += statement.execute(rusqlite::params_from_iter(args.as_ref()))?;
        }
        Ok(changed as u64)
    }

    /// The rows of a query, for each row of values.
    pub(super) fn all_many<'a, T, A: AsRef<[Value<'a>]>>(
        &mut self,
        sql: &'static str,
        rows: &[A],
        read: &impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Vec<T>>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let text = self.text(sql);
        let mut statement = self.connection.prepare_cached(&text)?;
        let mut all = Vec::with_capacity(rows.len());
        for args in rows {
            let mut rows = statement.query(rusqlite::params_from_iter(args.as_ref()))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(&Row::Sqlite(row))?);
            }
            all.push(found);
        }
        Ok(all)
    }

    pub(super) fn plan(&self, sql: &str, args: &[Value<'_>]) -> Result<String, Error> {
        let mut statement = self
            .connection
            .prepare(&format!("EXPLAIN QUERY PLAN {}", translate(sql)))?;
        let lines = statement
            .query_map(rusqlite::params_from_iter(args), |row| {
                row.get::<_, String>(3)
            })?
            .collect::<Result<Vec<_>, _>>()?;
        Ok(lines.join("\n"))
    }
}

/// Turns the log on. Of several that open a new database at once one does; the others are told at
/// once that it is busy, however long they would wait.
fn write_ahead(connection: &rusqlite::Connection) -> Result<(), Error> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && waited < BUSY =>
            {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            result => return Ok(result?),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// Fills in the fragments, and writes `?1` for `$1`: SQLite numbers `$1` by its first appearance.
pub(super) fn translate(sql: &str) -> String {
    fill(sql, |fragment| fragment.1).replace('$', "?")
}

/// The URI of a file that is not changed while it is open.
fn immutable_uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let bytes = path.as_os_str().as_bytes().iter();
    let path: String = bytes
        .map(|&byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02x}"),
        })
        .collect();
    format!("file:{path}?immutable=1")
}

/// Copies the database of a live server, page by page, as it is at one moment.
pub(crate) fn backup(from: &Path, to: &Path) -> Result<(), Error> {
    let source = rusqlite::Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut target = rusqlite::Connection::open(to)?;
    // All pages in one step, under one read lock: a writer does not make it start again.
    match Backup::new(&source, &mut target)?.step(-1)? {
        StepResult::Done => Ok(()),
        state => Err(Error::Unavailable(format!(
            "the copy was not finished: {state:?}"
        ))),
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, ConstraintViolation, DatabaseBusy, DiskFull, OutOfMemory, ReadOnly,
            SystemIoFailure,
        };
        match error.sqlite_error_code() {
            Some(ConstraintViolation) => Self::Constraint(error.to_string()),
            Some(
                CannotOpen | DatabaseBusy | DiskFull | OutOfMemory | ReadOnly | SystemIoFailure,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn numbers_placeholders_and_fills_fragments() {
        assert_eq!(
            translate("a = $2 AND b = $1 {skip_locked}"),
            "a = ?2 AND b = ?1 "
        );
    }
}
