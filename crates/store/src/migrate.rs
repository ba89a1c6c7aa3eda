//! Brings a database to the schema of this program.

use crate::{
    Error,
    driver::{Committed, Connection, args},
};

/// Every migration, in order; its version is its place, from 1. From the first release on, one that has
/// landed is never edited.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_initial.sql")];

/// Runs the migrations that are missing, in one transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    connection.begin()?;
    let result = run(connection);
    match result {
        Ok(()) => match connection.commit(None) {
            Committed::Yes => Ok(()),
            Committed::No(error) => Err(error),
        },
        Err(error) => {
            connection.roll_back();
            Err(error)
        }
    }
}

/// The version that this program brings a database to.
pub(crate) fn known_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The version of a database that has one.
pub(crate) fn version(connection: &mut Connection) -> Result<i64, Error> {
    const VERSION: &str = "SELECT version FROM schema_version WHERE id = 1";
    let version = connection.tx().first(VERSION, args![], |row| row.int(0))?;
    Ok(version.unwrap_or(0))
}

fn run(connection: &mut Connection) -> Result<(), Error> {
    // Servers that start at the same time take turns.
    connection.batch(
        "{take_turns}
        CREATE TABLE IF NOT EXISTS schema_version (
            id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL);
        INSERT INTO schema_version (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING",
    )?;
    let (known, found) = (known_version(), version(connection)?);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        connection.batch(migration)?;
    }
    connection.tx().exec(
        "UPDATE schema_version SET version = $1 WHERE id = 1",
        args![known],
    )?;
    Ok(())
}
