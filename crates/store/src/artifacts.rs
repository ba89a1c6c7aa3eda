//! Artefacts: blobs that a run leaves, each under a name.

use engine::{Holder, RunId};

use crate::{
    Batch, Error, Read,
    blobs::{self, Blob},
    driver::{Row, args},
    runs,
};

/// How many a run may have.
pub const ARTIFACT_LIMIT: i64 = 10_000;

/// A named blob of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// A relative path, such as `report/index.html`.
    pub name: String,
    /// Which start of the run left it.
    pub attempt: i64,
    /// Its bytes.
    pub blob: Blob,
    /// Epoch milliseconds.
    pub created_at: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT name, attempt, artifacts.sha256, object, size_bytes, created_at
            FROM artifacts JOIN blobs ON blobs.sha256 = artifacts.sha256 WHERE run_id = $1 ",
            $rest
        )
    };
}

impl Artifact {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            name: row.text(0)?,
            attempt: row.int(1)?,
            blob: Blob {
                sha256: row.text(2)?,
                object: row.text(3)?,
                size_bytes: row.int(4)?,
            },
            created_at: row.int(5)?,
        })
    }
}

/// Stores an artefact of a run that `holder` holds, in place of an earlier one of that name. The same
/// again changes nothing. Returns the artefact as it is stored, or `None` when the run has too many.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn put(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    holder: &Holder,
    (name, blob): (&str, &Blob),
    at: i64,
) -> Result<Option<Artifact>, Error> {
    const OTHERS: &str = "SELECT COUNT(*) FROM artifacts WHERE run_id = $1 AND name <> $2";
    const PUT: &str = "INSERT INTO artifacts (run_id, name, attempt, sha256, created_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (run_id, name) DO UPDATE SET attempt = excluded.attempt,
            sha256 = excluded.sha256, created_at = excluded.created_at
        WHERE artifacts.attempt <> excluded.attempt OR artifacts.sha256 <> excluded.sha256";
    let run = runs::hold(batch, id, holder, "artifact")?;
    let others = batch.tx.first(OTHERS, args![&id, name], |row| row.int(0))?;
    if others.is_none_or(|others| others >= ARTIFACT_LIMIT) {
        return Ok(None);
    }
    blobs::add(batch, blob, at)?;
    let args = args![&id, name, run.starts, &blob.sha256, at];
    batch.tx.exec(PUT, args)?;
    find(&mut batch.read(), id, name)
}

/// The artefact of this name.
///
/// # Errors
/// The database's.
pub fn find(read: &mut Read<'_, '_>, id: RunId, name: &str) -> Result<Option<Artifact>, Error> {
    let sql = select!("AND name = $2");
    read.tx.first(sql, args![&id, name], Artifact::read)
}

/// All artefacts of a run, by their names.
///
/// # Errors
/// The database's.
pub fn list(read: &mut Read<'_, '_>, id: RunId) -> Result<Vec<Artifact>, Error> {
    read.tx
        .all(select!("ORDER BY name"), args![&id], Artifact::read)
}
