//! Docker hosts.

use super::{Deletion, next_number};
use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
};

/// Selects what [`read_row`] takes.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, key, name, status, owner_mark, engine_id, body, version, created_at,
             updated_at FROM playrooms ",
            $rest
        )
    };
}

/// A Docker host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayroomRow {
    /// Its id, from 1.
    pub id: i64,
    /// The name that executors register; it never changes.
    pub key: String,
    /// The name for people.
    pub name: String,
    /// `active` or `disabled`.
    pub status: String,
    /// Everything that is made there bears it.
    pub owner_mark: String,
    /// Docker's id of its engine; empty until an executor registered it.
    pub engine_id: String,
    /// Domains, policy, limits.
    pub body: Vec<u8>,
    /// Rises with every change.
    pub version: i64,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds.
    pub updated_at: i64,
}

/// Every playroom, by id.
pub fn playrooms(read: &mut Read<'_, '_>) -> Result<Vec<PlayroomRow>, Error> {
    read.tx.all(select!("ORDER BY id"), args![], read_row)
}

/// One playroom.
pub fn playroom(read: &mut Read<'_, '_>, id: i64) -> Result<Option<PlayroomRow>, Error> {
    read.tx.first(select!("WHERE id = $1"), args![id], read_row)
}

/// The playroom that executors register under this key; it is made, with this owner mark, if there is none.
pub fn ensure_playroom(
    batch: &mut Batch<'_, '_>,
    key: &str,
    owner_mark: &str,
    now: i64,
) -> Result<PlayroomRow, Error> {
    const NAMED: &str = "SELECT id FROM playrooms WHERE name = $1";
    const INSERT: &str =
        "INSERT INTO playrooms (id, key, name, status, owner_mark, engine_id, body,
        version, created_at, updated_at) VALUES ($1, $2, $3, 'active', $4, '', $5, 1, $6, $6)
        ON CONFLICT (key) DO NOTHING";
    const KEYED: &str = select!("WHERE key = $1");
    if let Some(known) = batch.tx.first(KEYED, args![key], read_row)? {
        return Ok(known);
    }
    let id = next_number(batch, "playroom")?;
    let taken = batch.tx.first(NAMED, args![key], |row| row.int(0))?;
    let name = match taken {
        None => key.to_owned(),
        Some(_) => format!("{key}-{id}"),
    };
    let args = args![id, key, &name, owner_mark, b"{}".as_slice(), now];
    batch.tx.exec(INSERT, args)?;
    let made = batch.tx.first(KEYED, args![key], read_row)?;
    made.ok_or_else(|| Error::Conflict("a playroom was removed meanwhile".to_owned()))
}

/// Notes which Docker engine a playroom has.
pub fn bind_engine(batch: &mut Batch<'_, '_>, id: i64, engine_id: &str) -> Result<(), Error> {
    const BIND: &str = "UPDATE playrooms SET engine_id = $2 WHERE id = $1 AND engine_id <> $2";
    batch.tx.exec(BIND, args![id, engine_id]).map(drop)
}

/// Writes what a request changed. False when it is no longer as `after.version` says.
pub fn change_playroom(
    batch: &mut Batch<'_, '_>,
    after: &PlayroomRow,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const CHANGE: &str = "UPDATE playrooms SET name = $3, status = $4, body = $5, updated_at = $6,
        version = version + 1 WHERE id = $1 AND version = $2";
    let args = args![
        after.id,
        after.version,
        &after.name,
        &after.status,
        &after.body,
        after.updated_at
    ];
    let changed = batch.tx.exec(CHANGE, args)? == 1;
    if changed {
        batch.record(entry);
    }
    Ok(changed)
}

/// Makes the others who would change which playgrounds are in the playroom wait until the end of the transaction.
/// False when there is no such playroom.
pub fn lock_playroom(batch: &mut Batch<'_, '_>, id: i64) -> Result<bool, Error> {
    const LOCK: &str = "SELECT id FROM playrooms WHERE id = $1 {lock}";
    let found = batch.tx.first(LOCK, args![id], |row| row.int(0))?;
    Ok(found.is_some())
}

/// Deletes a playroom that no playground is in. One that an executor registers again is made again.
pub fn delete_playroom(
    batch: &mut Batch<'_, '_>,
    id: i64,
    entry: &AuditEntry,
) -> Result<Deletion, Error> {
    const USED: &str = "SELECT COUNT(*) FROM playgrounds WHERE playroom_id = $1";
    if !lock_playroom(batch, id)? {
        return Ok(Deletion::Missing);
    }
    let used = batch.tx.first(USED, args![id], |row| row.int(0))?;
    if let Some(used @ 1..) = used {
        return Ok(Deletion::InUse(used));
    }
    batch
        .tx
        .exec("DELETE FROM playrooms WHERE id = $1", args![id])?;
    batch.record(entry);
    Ok(Deletion::Done)
}

fn read_row(row: &Row<'_>) -> Result<PlayroomRow, Error> {
    Ok(PlayroomRow {
        id: row.int(0)?,
        key: row.text(1)?,
        name: row.text(2)?,
        status: row.text(3)?,
        owner_mark: row.text(4)?,
        engine_id: row.text(5)?,
        body: row.bytes(6)?,
        version: row.int(7)?,
        created_at: row.int(8)?,
        updated_at: row.int(9)?,
    })
}
