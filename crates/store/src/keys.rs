//! Keys: who may ask for what. What a key is, a role grants or a scope means is not known here.

use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
};

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Names it in the API.
    pub id: String,
    /// The public part that finds it. No two keys have the same.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    /// For people; of an executor's key the executor's name.
    pub name: String,
    /// Name of the role.
    pub role: String,
    /// Scopes beyond the role's, separated by blanks.
    pub scopes: String,
    /// How often it may ask, if not as often as the default.
    pub requests_per_minute: Option<i64>,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds.
    pub expires_at: Option<i64>,
    /// Epoch milliseconds.
    pub revoked_at: Option<i64>,
    /// When it was last used, epoch milliseconds, to the minute.
    pub used_at: Option<i64>,
    /// The id of the key with which it was made, or the token with which its executor joined.
    pub made_by: Option<String>,
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key.
    pub row: KeyRow,
    /// Whether it may be the first one. A first key that cannot make others is
    /// locked out.
    pub may_be_first: bool,
    /// Whether it must be the first one: the caller may do this only as long as there is none.
    pub must_be_first: bool,
    /// Which live keys must not have the same name, if any.
    pub rivals: Option<fn(&KeyRow) -> bool>,
}

/// What became of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Yes,
    /// It was not made: there are keys already.
    NotFirst,
    /// It was not made: the first key must be another one.
    First,
    /// It was not made: a live rival has the name.
    NameTaken,
}

/// Rises with every key that is made or revoked.
pub fn version(read: &mut Read<'_, '_>) -> Result<i64, Error> {
    const VERSION: &str = "SELECT version FROM key_head WHERE id = 1";
    read.tx
        .first(VERSION, args![], |row| row.int(0))?
        .ok_or_else(missing)
}

/// Every key that ever was, newest first.
pub fn list(read: &mut Read<'_, '_>) -> Result<Vec<KeyRow>, Error> {
    const LIST: &str = "SELECT id, prefix, hash, name, role, scopes, requests_per_minute,
        created_at, expires_at, revoked_at, used_at, made_by FROM keys ORDER BY created_at DESC, id";
    read.tx.all(LIST, args![], key)
}

/// Makes a key.
pub fn add(batch: &mut Batch<'_, '_>, new: &NewKey, entry: &AuditEntry) -> Result<Added, Error> {
    const ANY: &str = "SELECT id FROM keys LIMIT 1";
    const NAMESAKES: &str = "SELECT id, prefix, hash, name, role, scopes, requests_per_minute,
        created_at, expires_at, revoked_at, used_at, made_by FROM keys WHERE name = $1
        AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
    const INSERT: &str = "INSERT INTO keys (id, prefix, hash, name, role, scopes,
        requests_per_minute, created_at, expires_at, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let row = &new.row;
    // Who else makes a key waits here for the end of the transaction.
    rise(batch)?;
    let first = batch.tx.first(ANY, args![], |row| row.text(0))?.is_none();
    if new.must_be_first && !first {
        return Ok(Added::NotFirst);
    }
    if first && !new.may_be_first {
        return Ok(Added::First);
    }
    if let Some(is_rival) = new.rivals {
        let namesakes = args![&row.name, row.created_at];
        let namesakes = batch.tx.all(NAMESAKES, namesakes, key)?;
        if namesakes.iter().any(is_rival) {
            return Ok(Added::NameTaken);
        }
    }
    batch.tx.exec(
        INSERT,
        args![
            &row.id,
            &row.prefix,
            &row.hash,
            &row.name,
            &row.role,
            &row.scopes,
            row.requests_per_minute,
            row.created_at,
            row.expires_at,
            row.made_by.as_deref(),
        ],
    )?;
    batch.record(entry);
    Ok(Added::Yes)
}

/// The key with this id, if it is neither revoked nor expired.
pub fn live(batch: &mut Batch<'_, '_>, id: &str, now: i64) -> Result<Option<KeyRow>, Error> {
    const LIVE: &str = "SELECT id, prefix, hash, name, role, scopes, requests_per_minute,
        created_at, expires_at, revoked_at, used_at, made_by FROM keys WHERE id = $1
        AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
    batch.tx.first(LIVE, args![id, now], key)
}

/// Every key that ever had this name.
pub fn named(batch: &mut Batch<'_, '_>, name: &str) -> Result<Vec<KeyRow>, Error> {
    const NAMED: &str = "SELECT id, prefix, hash, name, role, scopes, requests_per_minute,
        created_at, expires_at, revoked_at, used_at, made_by FROM keys WHERE name = $1";
    batch.tx.all(NAMED, args![name], key)
}

/// Revokes a key; `None` when there is none with this id. A revoked key stays as it is.
pub fn revoke(
    batch: &mut Batch<'_, '_>,
    id: &str,
    entry: &AuditEntry,
) -> Result<Option<KeyRow>, Error> {
    const REVOKE: &str = "UPDATE keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    const FIND: &str = "SELECT id, prefix, hash, name, role, scopes, requests_per_minute,
        created_at, expires_at, revoked_at, used_at, made_by FROM keys WHERE id = $1";
    rise(batch)?;
    let revoked = batch.tx.exec(REVOKE, args![id, entry.at])? > 0;
    let row = batch.tx.first(FIND, args![id], key)?;
    if let Some(row) = row.as_ref().filter(|_| revoked) {
        batch.record(&entry.clone().detail(&row.name));
    }
    Ok(row)
}

/// Notes when keys were last used.
pub fn note_used(batch: &mut Batch<'_, '_>, used: &[(String, i64)]) -> Result<(), Error> {
    const NOTE: &str = "UPDATE keys SET used_at = $2
        WHERE id = $1 AND (used_at IS NULL OR used_at < $2)";
    let rows: Vec<_> = used
        .iter()
        .map(|(id, at)| [id.into(), (*at).into()])
        .collect();
    batch.tx.exec_many(NOTE, &rows).map(drop)
}

fn rise(batch: &mut Batch<'_, '_>) -> Result<(), Error> {
    const RISE: &str = "UPDATE key_head SET version = version + 1 WHERE id = 1";
    match batch.tx.exec(RISE, args![])? {
        1 => Ok(()),
        _ => Err(missing()),
    }
}

fn missing() -> Error {
    Error::Corrupt("the head of the keys is missing".to_owned())
}

fn key(row: &Row<'_>) -> Result<KeyRow, Error> {
    Ok(KeyRow {
        id: row.text(0)?,
        prefix: row.text(1)?,
        hash: row.bytes(2)?,
        name: row.text(3)?,
        role: row.text(4)?,
        scopes: row.text(5)?,
        requests_per_minute: row.opt_int(6)?,
        created_at: row.int(7)?,
        expires_at: row.opt_int(8)?,
        revoked_at: row.opt_int(9)?,
        used_at: row.opt_int(10)?,
        made_by: row.opt_text(11)?,
    })
}
