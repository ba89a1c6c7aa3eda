//! Where the data is, and the way there.

use std::path::PathBuf;

use crate::{
    Error,
    seam::{Connection, PostgresConnection, SqliteConnection},
};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file of an embedded database.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL database.
    Postgres(String),
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
