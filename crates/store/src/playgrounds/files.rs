//! Files that playspecs mount into services. Their bytes are blobs.

use super::{
    next_number,
    playspecs::{lock, remove_part, touch},
};
use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
};

/// A mounted file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its id, from 1.
    pub id: i64,
    /// Its playspec.
    pub playspec_id: i64,
    /// Its name when it was uploaded.
    pub name: String,
    /// Its SHA-256, lower case.
    pub sha256: String,
    /// How many bytes it has.
    pub size_bytes: i64,
    /// Where it is in the containers.
    pub mount_path: String,
    /// A JSON list of services.
    pub services: String,
    /// Whether it cannot be written.
    pub readonly: bool,
    /// Epoch milliseconds.
    pub created_at: i64,
}

/// The files of a playspec, oldest first.
pub fn files(read: &mut Read<'_, '_>, playspec_id: i64) -> Result<Vec<FileRow>, Error> {
    const FILES: &str = "SELECT id, playspec_id, name, sha256, size_bytes, mount_path, services,
        writable_at, created_at FROM playspec_files WHERE playspec_id = $1 ORDER BY id";
    read.tx.all(FILES, args![playspec_id], read_row)
}

/// Adds a file to a playspec that has fewer than `most`; answers its id. `None` when there is no such playspec,
/// or it has as many.
pub fn add_file(
    batch: &mut Batch<'_, '_>,
    new: &FileRow,
    most: i64,
    entry: &AuditEntry,
) -> Result<Option<i64>, Error> {
    const COUNT: &str = "SELECT COUNT(*) FROM playspec_files WHERE playspec_id = $1";
    const INSERT: &str = "INSERT INTO playspec_files (id, playspec_id, name, sha256, size_bytes,
        mount_path, services, writable_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    // No other one comes between the count and the insert.
    if !lock(batch, new.playspec_id)? {
        return Ok(None);
    }
    let count = batch
        .tx
        .first(COUNT, args![new.playspec_id], |row| row.int(0))?;
    if count.unwrap_or(0) >= most {
        return Ok(None);
    }
    let id = next_number(batch, "playspec_file")?;
    batch.tx.exec(
        INSERT,
        args![
            id,
            new.playspec_id,
            &new.name,
            &new.sha256,
            new.size_bytes,
            &new.mount_path,
            &new.services,
            (!new.readonly).then_some(new.created_at),
            new.created_at
        ],
    )?;
    touch(batch, new.playspec_id, new.created_at)?;
    batch.record(entry);
    Ok(Some(id))
}

/// Changes how a file is mounted. False when the playspec has no such file.
pub fn change_file(
    batch: &mut Batch<'_, '_>,
    after: &FileRow,
    now: i64,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const CHANGE: &str = "UPDATE playspec_files SET mount_path = $3, services = $4,
        writable_at = $5 WHERE id = $1 AND playspec_id = $2";
    let args = args![
        after.id,
        after.playspec_id,
        &after.mount_path,
        &after.services,
        (!after.readonly).then_some(now)
    ];
    if batch.tx.exec(CHANGE, args)? == 0 {
        return Ok(false);
    }
    touch(batch, after.playspec_id, now)?;
    batch.record(entry);
    Ok(true)
}

/// Removes a file. False when the playspec has no such file.
pub fn remove_file(
    batch: &mut Batch<'_, '_>,
    of: (i64, i64),
    now: i64,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const REMOVE: &str = "DELETE FROM playspec_files WHERE id = $1 AND playspec_id = $2";
    remove_part(batch, REMOVE, of, (now, entry))
}

fn read_row(row: &Row<'_>) -> Result<FileRow, Error> {
    Ok(FileRow {
        id: row.int(0)?,
        playspec_id: row.int(1)?,
        name: row.text(2)?,
        sha256: row.text(3)?,
        size_bytes: row.int(4)?,
        mount_path: row.text(5)?,
        services: row.text(6)?,
        readonly: row.opt_int(7)?.is_none(),
        created_at: row.int(8)?,
    })
}
