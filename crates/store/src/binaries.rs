//! Which uploaded programs there are. Their bytes are files.

use crate::{Batch, Error, Read, audit::AuditEntry, driver::args};

/// Notes an uploaded program, or that it was uploaded again.
///
/// # Errors
/// The database's.
pub fn add(
    batch: &mut Batch<'_, '_>,
    sha256: &str,
    size_bytes: i64,
    entry: &AuditEntry,
) -> Result<(), Error> {
    const ADD: &str = "INSERT INTO binaries (sha256, size_bytes, used_at) VALUES ($1, $2, $3)
        ON CONFLICT (sha256) DO UPDATE SET used_at = excluded.used_at";
    batch.tx.exec(ADD, args![sha256, size_bytes, entry.at])?;
    batch.record(entry);
    Ok(())
}

/// Size in bytes of an uploaded program, if there is one.
///
/// # Errors
/// The database's.
pub fn size(read: &mut Read<'_, '_>, sha256: &str) -> Result<Option<i64>, Error> {
    const SIZE: &str = "SELECT size_bytes FROM binaries WHERE sha256 = $1";
    read.tx.first(SIZE, args![sha256], |row| row.int(0))
}

/// Forgets programs that no run names and that nobody used since `before`; answers their hashes.
///
/// # Errors
/// The database's.
pub fn collect(batch: &mut Batch<'_, '_>, before: i64) -> Result<Vec<String>, Error> {
    const COLLECT: &str = "DELETE FROM binaries WHERE used_at < $1 AND NOT EXISTS
        (SELECT 1 FROM inputs WHERE inputs.binary_sha256 = binaries.sha256) RETURNING sha256";
    batch.tx.all(COLLECT, args![before], |row| row.text(0))
}
