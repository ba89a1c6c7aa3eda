//! Logins of registries that playspecs pull from.

use super::{
    next_number,
    playspecs::{lock, remove_part, touch},
};
use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
};

/// A login of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRow {
    /// Its id, from 1.
    pub id: i64,
    /// Its playspec.
    pub playspec_id: i64,
    /// Such as `ghcr`.
    pub registry_type: String,
    /// The registry's host.
    pub registry_url: String,
    /// Who logs in.
    pub username: String,
    /// The password, sealed.
    pub sealed: Vec<u8>,
    /// Epoch milliseconds.
    pub created_at: i64,
}

/// The logins of a playspec, oldest first.
pub fn registries(read: &mut Read<'_, '_>, playspec_id: i64) -> Result<Vec<RegistryRow>, Error> {
    const ALL: &str = "SELECT id, playspec_id, registry_type, registry_url, username, sealed,
        created_at FROM playspec_registries WHERE playspec_id = $1 ORDER BY id";
    read.tx.all(ALL, args![playspec_id], read_row)
}

/// Adds a login to a playspec that has fewer than `most`; answers its id. `None` when there is no such playspec,
/// or it has as many.
pub fn add_registry(
    batch: &mut Batch<'_, '_>,
    new: &RegistryRow,
    most: i64,
    entry: &AuditEntry,
) -> Result<Option<i64>, Error> {
    const COUNT: &str = "SELECT COUNT(*) FROM playspec_registries WHERE playspec_id = $1";
    const INSERT: &str = "INSERT INTO playspec_registries (id, playspec_id, registry_type,
        registry_url, username, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
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
    let id = next_number(batch, "playspec_registry")?;
    batch.tx.exec(
        INSERT,
        args![
            id,
            new.playspec_id,
            &new.registry_type,
            &new.registry_url,
            &new.username,
            &new.sealed,
            new.created_at
        ],
    )?;
    touch(batch, new.playspec_id, new.created_at)?;
    batch.record(entry);
    Ok(Some(id))
}

/// Removes a login. False when the playspec has no such login.
pub fn remove_registry(
    batch: &mut Batch<'_, '_>,
    of: (i64, i64),
    now: i64,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const REMOVE: &str = "DELETE FROM playspec_registries WHERE id = $1 AND playspec_id = $2";
    remove_part(batch, REMOVE, of, (now, entry))
}

fn read_row(row: &Row<'_>) -> Result<RegistryRow, Error> {
    Ok(RegistryRow {
        id: row.int(0)?,
        playspec_id: row.int(1)?,
        registry_type: row.text(2)?,
        registry_url: row.text(3)?,
        username: row.text(4)?,
        sealed: row.bytes(5)?,
        created_at: row.int(6)?,
    })
}
