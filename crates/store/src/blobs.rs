//! Which blobs exist. Their bytes are in an object store.

use engine::RunId;

use crate::{
    Batch, Error, Read,
    driver::{Row, Tx, Value, args},
};

/// Bytes by their SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// In lower-case hexadecimal digits.
    pub sha256: String,
    /// Under which name the object store keeps them. Each upload draws one: so deleting an object
    /// never deletes what is uploaded with the same hash at that moment.
    pub object: String,
    /// How many bytes.
    pub size_bytes: i64,
}

impl Blob {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            sha256: row.text(0)?,
            object: row.text(1)?,
            size_bytes: row.int(2)?,
        })
    }
}

/// What [`collect`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// The objects that nothing names any more.
    pub objects: Vec<String>,
    /// Where the next call begins; empty at the end.
    pub next: String,
}

/// Adds a blob, or notes that it was uploaded again. Returns the object that keeps it: when that is
/// another one, the blob's own object is not needed.
///
/// # Errors
/// The database's.
pub fn add(batch: &mut Batch<'_, '_>, blob: &Blob, at: i64) -> Result<String, Error> {
    const ADD: &str = "INSERT INTO blobs (sha256, object, size_bytes, used_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (sha256) DO UPDATE SET used_at = excluded.used_at RETURNING object";
    let args = args![&blob.sha256, &blob.object, blob.size_bytes, at];
    let object = batch.tx.first(ADD, args, |row| row.text(0))?;
    object.ok_or_else(|| Error::Corrupt("a blob that was inserted has no row".to_owned()))
}

/// How many bytes all blobs have together. Reads the row of each.
///
/// # Errors
/// The database's.
pub fn stored_bytes(read: &mut Read<'_, '_>) -> Result<i64, Error> {
    const SUM: &str = "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM blobs";
    let sum = read.tx.first(SUM, args![], |row| row.int(0))?;
    Ok(sum.unwrap_or(0))
}

/// The blob with this hash.
///
/// # Errors
/// The database's.
pub fn find(read: &mut Read<'_, '_>, sha256: &str) -> Result<Option<Blob>, Error> {
    const FIND: &str = "SELECT sha256, object, size_bytes FROM blobs WHERE sha256 = $1";
    read.tx.first(FIND, args![sha256], Blob::read)
}

/// Notes that the blob with this hash is used, so that [`collect`] keeps it for a while.
///
/// # Errors
/// The database's.
pub fn touch(batch: &mut Batch<'_, '_>, sha256: &str, at: i64) -> Result<Option<Blob>, Error> {
    const TOUCH: &str = "UPDATE blobs SET used_at = $2 WHERE sha256 = $1
        RETURNING sha256, object, size_bytes";
    batch.tx.first(TOUCH, args![sha256, at], Blob::read)
}

/// Forgets a blob whose object was lost.
///
/// # Errors
/// The database's.
pub fn forget(batch: &mut Batch<'_, '_>, blob: &Blob) -> Result<(), Error> {
    const FORGET: &str = "DELETE FROM blobs WHERE sha256 = $1 AND object = $2";
    let args = args![&blob.sha256, &blob.object];
    batch.tx.exec(FORGET, args).map(drop)
}

/// Notes which blobs runs name, each with the time of that.
pub(crate) fn name(tx: &mut Tx<'_>, names: &[(&RunId, &str, i64)]) -> Result<(), Error> {
    const NAME: &str = "INSERT INTO run_blobs (run_id, sha256) VALUES ($1, $2)
        ON CONFLICT (run_id, sha256) DO NOTHING";
    const USED: &str = "UPDATE blobs SET used_at = $2 WHERE sha256 = $1 AND used_at < $2";
    if names.is_empty() {
        return Ok(());
    }
    let rows: Vec<[Value<'_>; 2]> = names
        .iter()
        .map(|(run, sha256, _)| [(*run).into(), (*sha256).into()])
        .collect();
    tx.exec_many(NAME, &rows)?;
    let mut used: Vec<(&str, i64)> = names.iter().map(|(_, sha256, at)| (*sha256, *at)).collect();
    // In one order everywhere: two transactions that update the same rows wait, and never deadlock.
    used.sort_unstable();
    used.dedup_by_key(|(sha256, _)| *sha256);
    let used: Vec<[Value<'_>; 2]> = used
        .into_iter()
        .map(|(sha256, at)| [sha256.into(), at.into()])
        .collect();
    tx.exec_many(USED, &used).map(drop)
}

/// Deletes the blobs that nothing names and that nothing has used since `before`, among the `limit`
/// blobs whose hashes follow `after`.
///
/// # Errors
/// The database's.
pub fn collect(
    batch: &mut Batch<'_, '_>,
    after: &str,
    limit: i64,
    before: i64,
) -> Result<Collected, Error> {
    const LAST: &str =
        "SELECT sha256 FROM blobs WHERE sha256 > $1 ORDER BY sha256 LIMIT 1 OFFSET $2";
    // `~` follows every digit.
    const COLLECT: &str = "DELETE FROM blobs WHERE sha256 > $1 AND sha256 <= $2 AND used_at < $3
        AND NOT EXISTS (SELECT 1 FROM run_blobs WHERE run_blobs.sha256 = blobs.sha256)
        AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.sha256 = blobs.sha256)
        AND NOT EXISTS (SELECT 1 FROM playspec_files WHERE playspec_files.sha256 = blobs.sha256)
        RETURNING object";
    let last = batch
        .tx
        .first(LAST, args![after, limit - 1], |row| row.text(0))?;
    let to = last.as_deref().unwrap_or("~");
    let objects = batch
        .tx
        .all(COLLECT, args![after, to, before], |row| row.text(0))?;
    Ok(Collected {
        objects,
        next: last.unwrap_or_default(),
    })
}

/// Those of `objects` that no blob names.
///
/// # Errors
/// The database's.
pub fn unnamed(read: &mut Read<'_, '_>, objects: Vec<String>) -> Result<Vec<String>, Error> {
    const NAMED: &str = "SELECT size_bytes FROM blobs WHERE object = $1";
    let rows: Vec<[Value<'_>; 1]> = objects.iter().map(|object| [object.into()]).collect();
    let named = read.tx.first_many(NAMED, &rows, |row| row.int(0))?;
    let pairs = objects.into_iter().zip(named);
    Ok(pairs
        .filter_map(|(object, named)| named.is_none().then_some(object))
        .collect())
}
