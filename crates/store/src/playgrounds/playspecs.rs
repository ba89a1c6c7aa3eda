//! Blueprints.

use super::{Deletion, create::packed, create::unpacked, next_number};
use crate::{
    Batch, Error, IdempotencyKey, Read,
    audit::AuditEntry,
    driver::{Row, args},
    idempotency,
};

/// Selects what [`read_row`] takes.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, body, version, created_at, updated_at, (SELECT COUNT(*)
             FROM playgrounds WHERE playspec_id = playspecs.id) FROM playspecs ",
            $rest
        )
    };
}

/// A blueprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayspecRow {
    /// Its id, from 1.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it says.
    pub body: Vec<u8>,
    /// Rises with every change of what playgrounds are made from.
    pub version: i64,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds.
    pub updated_at: i64,
    /// How many playgrounds are made from it.
    pub playgrounds: i64,
}

/// A blueprint to be made.
#[derive(Clone, Debug)]
pub struct NewPlayspec {
    /// Its name.
    pub name: String,
    /// What it says.
    pub body: Vec<u8>,
    /// Epoch milliseconds.
    pub now: i64,
    /// The caller's key for the request.
    pub idempotency: Option<IdempotencyKey>,
    /// Who asks for it; the id is added.
    pub entry: AuditEntry,
}

/// What making one came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayspecMade {
    /// It is there.
    Made(i64),
    /// It was made by the same request before.
    Repeated(i64),
    /// Another one has the name.
    NameTaken,
    /// There are as many as there may be.
    TooMany,
}

/// Every blueprint, newest first.
pub fn playspecs(read: &mut Read<'_, '_>) -> Result<Vec<PlayspecRow>, Error> {
    read.tx.all(select!("ORDER BY id DESC"), args![], read_row)
}

/// The blueprint with this id, or else with this name.
pub fn playspec(
    read: &mut Read<'_, '_>,
    id: Option<i64>,
    name: &str,
) -> Result<Option<PlayspecRow>, Error> {
    if let Some(id) = id
        && let Some(found) = read
            .tx
            .first(select!("WHERE id = $1"), args![id], read_row)?
    {
        return Ok(Some(found));
    }
    let found = read
        .tx
        .first(select!("WHERE name = $1"), args![name], read_row)?;
    Ok(found)
}

/// The blueprint that a request with this key made before.
///
/// # Errors
/// [`Error::KeyReused`], or the database's.
pub fn spec_repeated(
    read: &mut Read<'_, '_>,
    (key, hash): (&str, &[u8]),
) -> Result<Option<i64>, Error> {
    let before = idempotency::recall(read.tx, key, hash)?;
    before
        .map(|answer| answer.and_then(|bytes| unpacked(&bytes)))
        .transpose()
}

/// Makes a blueprint unless there are `most` already.
///
/// # Errors
/// [`Error::KeyReused`], or the database's.
pub fn create_playspec(
    batch: &mut Batch<'_, '_>,
    new: &NewPlayspec,
    most: i64,
) -> Result<PlayspecMade, Error> {
    const COUNT: &str = "SELECT COUNT(*) FROM playspecs";
    const NAMED: &str = "SELECT id FROM playspecs WHERE name = $1";
    const INSERT: &str = "INSERT INTO playspecs (id, name, body, version, created_at, updated_at)
        VALUES ($1, $2, $3, 1, $4, $4)";
    if let Some((key, hash)) = &new.idempotency
        && let Some(before) = spec_repeated(&mut batch.read(), (key, hash))?
    {
        return Ok(PlayspecMade::Repeated(before));
    }
    let named = batch.tx.first(NAMED, args![&new.name], |row| row.int(0))?;
    if named.is_some() {
        return Ok(PlayspecMade::NameTaken);
    }
    let count = batch.tx.first(COUNT, args![], |row| row.int(0))?;
    if count.unwrap_or(0) >= most {
        return Ok(PlayspecMade::TooMany);
    }
    let id = next_number(batch, "playspec")?;
    if let Some((key, hash)) = &new.idempotency
        && let Some(before) = idempotency::remember(batch.tx, (key, hash), &packed(id), new.now)?
    {
        return unpacked(&before?).map(PlayspecMade::Repeated);
    }
    let args = args![id, &new.name, &new.body, new.now];
    batch.tx.exec(INSERT, args)?;
    let mut entry = new.entry.clone();
    entry.target.id = id.to_string();
    batch.record(&entry);
    Ok(PlayspecMade::Made(id))
}

/// Writes what a request changed. False when it is no longer as `after.version` says, or another one has the
/// name. `remade` says whether playgrounds of it differ now from what is wanted.
pub fn change_playspec(
    batch: &mut Batch<'_, '_>,
    after: &PlayspecRow,
    remade: bool,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const CHANGE: &str = "UPDATE playspecs SET name = $3, body = $4, updated_at = $5,
        version = version + $6 WHERE id = $1 AND version = $2
        AND NOT EXISTS (SELECT 1 FROM playspecs AS other WHERE other.name = $3 AND other.id <> $1)";
    let args = args![
        after.id,
        after.version,
        &after.name,
        &after.body,
        after.updated_at,
        i64::from(remade)
    ];
    let changed = batch.tx.exec(CHANGE, args)? == 1;
    if changed {
        batch.record(entry);
    }
    Ok(changed)
}

/// Keeps others from changing a blueprint until the end of the transaction. False when there is none.
pub(super) fn lock(batch: &mut Batch<'_, '_>, id: i64) -> Result<bool, Error> {
    const LOCK: &str = "SELECT id FROM playspecs WHERE id = $1 {lock}";
    Ok(batch.tx.first(LOCK, args![id], |row| row.int(0))?.is_some())
}

/// Removes what belongs to a playspec, by a statement that takes its own id and the playspec's. False when the playspec
/// has no such thing.
pub(super) fn remove_part(
    batch: &mut Batch<'_, '_>,
    statement: &'static str,
    (playspec_id, id): (i64, i64),
    (now, entry): (i64, &AuditEntry),
) -> Result<bool, Error> {
    if batch.tx.exec(statement, args![id, playspec_id])? == 0 {
        return Ok(false);
    }
    touch(batch, playspec_id, now)?;
    batch.record(entry);
    Ok(true)
}

/// Something that belongs to a blueprint changed: its playgrounds differ from what is wanted.
pub(super) fn touch(batch: &mut Batch<'_, '_>, id: i64, now: i64) -> Result<(), Error> {
    const TOUCH: &str = "UPDATE playspecs SET version = version + 1, updated_at = $2 WHERE id = $1";
    batch.tx.exec(TOUCH, args![id, now]).map(drop)
}

/// Deletes a blueprint that no playground is made from, with its files and logins.
pub fn delete_playspec(
    batch: &mut Batch<'_, '_>,
    id: i64,
    entry: &AuditEntry,
) -> Result<Deletion, Error> {
    const USED: &str = "SELECT COUNT(*) FROM playgrounds WHERE playspec_id = $1";
    if !lock(batch, id)? {
        return Ok(Deletion::Missing);
    }
    let used = batch.tx.first(USED, args![id], |row| row.int(0))?;
    if let Some(used @ 1..) = used {
        return Ok(Deletion::InUse(used));
    }
    for statement in [
        "DELETE FROM playspec_files WHERE playspec_id = $1",
        "DELETE FROM playspec_registries WHERE playspec_id = $1",
        "DELETE FROM playspecs WHERE id = $1",
    ] {
        batch.tx.exec(statement, args![id])?;
    }
    batch.record(entry);
    Ok(Deletion::Done)
}

fn read_row(row: &Row<'_>) -> Result<PlayspecRow, Error> {
    Ok(PlayspecRow {
        id: row.int(0)?,
        name: row.text(1)?,
        body: row.bytes(2)?,
        version: row.int(3)?,
        created_at: row.int(4)?,
        updated_at: row.int(5)?,
        playgrounds: row.int(6)?,
    })
}
