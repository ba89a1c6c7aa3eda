//! Brings a database to the schema of this program.

use crate::{
    Error,
    seam::{Committed, Connection, args},
};

/// Every migration, in order; its version is its place, from 1. One that has landed is never edited:
/// databases that had it would not get the change.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_runs.sql"),
    include_str!("../migrations/0002_access.sql"),
    include_str!("../migrations/0003_hooks.sql"),
    include_str!("../migrations/0004_audit.sql"),
    include_str!("../migrations/0005_plugin_jobs.sql"),
    include_str!("../migrations/0006_hook_owners.sql"),
    include_str!("../migrations/0007_hook_claims.sql"),
];

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

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::{Connection, MIGRATIONS, args, known_version, migrate, version};
    use crate::seam::SqliteConnection;

    /// The first bytes of the hashes of what has landed.
    const LANDED: &[&str] = &[
        "c4c06e51", "d59480fd", "346a6e6a", "38a8e419", "2f37c76d", "859ac6e9", "09f7bc3d",
    ];

    #[test]
    fn what_has_landed_is_never_edited() {
        let start = |text: &&str| {
            let hash = Sha256::digest(text);
            let start: Vec<String> = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
            start.concat()
        };
        let starts: Vec<String> = MIGRATIONS.iter().map(start).collect();
        assert_eq!(starts, LANDED, "add a migration, do not edit one");
    }

    fn schema(connection: &mut Connection) -> Vec<String> {
        const SCHEMA: &str = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name";
        let mut tx = connection.tx();
        tx.all(SCHEMA, args![], |row| row.text(0))
            .expect("a schema")
    }

    #[test]
    fn a_database_of_every_version_is_brought_to_the_last() {
        const RUN: &str = "INSERT INTO runs (id, kind, name, queue, class, rank, status, version,
            token, settled, starts, strikes, max_attempts, cancel_sent, created_at)
            VALUES (x'00112233445566778899aabbccddeeff', 'job', 'old', 'job', 'background', 1,
            'queued', 1, 0, 0, 0, 0, 3, 0, 1)";
        let directory = tempfile::tempdir().expect("a directory");
        let mut last = None;
        for old in (0..=MIGRATIONS.len()).rev() {
            let path = directory.path().join(format!("{old}.db"));
            let connection = SqliteConnection::writer(&path).expect("a database");
            let mut connection = Connection::Sqlite(connection);
            for migration in &MIGRATIONS[..old] {
                connection.batch(migration).expect("a migration");
            }
            if old > 0 {
                connection.batch(RUN).expect("a run");
                let table = "CREATE TABLE IF NOT EXISTS schema_version (
            id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL)";
                connection.batch(table).expect("a table");
                let row = format!("INSERT INTO schema_version VALUES (1, {old})");
                connection.batch(&row).expect("a version");
            }
            migrate(&mut connection).expect("the rest");
            assert_eq!(version(&mut connection).ok(), Some(known_version()));
            const RUNS: &str = "SELECT count(*) FROM runs WHERE name = 'old'";
            let runs = connection.tx().first(RUNS, args![], |row| row.int(0));
            assert_eq!(runs.ok().flatten(), Some(i64::from(old > 0)));
            let schema = schema(&mut connection);
            assert_eq!(last.get_or_insert_with(|| schema.clone()), &schema);
        }
    }
}
