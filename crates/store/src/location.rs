//! Where the data is, and the way there.

use std::path::{Path, PathBuf};

use crate::{
    Error,
    driver::{self, Connection, PostgresConnection, SqliteConnection},
};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file of an embedded database.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL database.
    Postgres(String),
}

impl Location {
    /// For people: which program, and where. Without the password.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("SQLite at {}", path.display()),
            Self::Postgres(url) => match driver::postgres_hosts(url) {
                Some(hosts) => format!("PostgreSQL at {hosts}"),
                None => "PostgreSQL".to_owned(),
            },
        }
    }
}

/// A connection that may write.
pub(crate) fn connect(location: &Location) -> Result<Connection, Error> {
    Ok(match location {
        Location::Sqlite(path) => Connection::Sqlite(SqliteConnection::writer(path)?),
        Location::Postgres(url) => Connection::Postgres(Box::new(PostgresConnection::new(url)?)),
    })
}

/// A connection for looking.
pub(crate) fn connect_reader(location: &Location) -> Result<Connection, Error> {
    match location {
        Location::Sqlite(path) => Ok(Connection::Sqlite(SqliteConnection::reader(path)?)),
        Location::Postgres(_) => connect(location),
    }
}

/// A connection that leaves no trace, also where a server would open or make a file.
pub(crate) fn connect_visitor(location: &Location) -> Result<Connection, Error> {
    match location {
        Location::Sqlite(path) => Ok(Connection::Sqlite(SqliteConnection::visitor(path)?)),
        Location::Postgres(_) => connect(location),
    }
}

/// Copies the database of a data directory, also of a live server's, as it is at one moment.
///
/// # Errors
/// When either file cannot be opened or written.
pub fn backup(from: &Path, to: &Path) -> Result<(), Error> {
    driver::backup(from, to)
}
