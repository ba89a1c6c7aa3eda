//! What is wanted of a playground is changed; nothing is done for it.

use serde_json::json;

use crate::{Batch, Error, audit::AuditEntry, driver::args};

/// What a request changes.
#[derive(Clone, Debug)]
pub struct PlaygroundUpdate {
    /// The playground.
    pub id: i64,
    /// It must be as this version says.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Its playspec.
    pub playspec_id: i64,
    /// What is wanted.
    pub body: Vec<u8>,
    /// The values of its environment, sealed.
    pub sealed: Vec<u8>,
    /// Whether that differs from what was wanted before.
    pub differs: bool,
    /// When its time is over.
    pub expires_at: Option<i64>,
    /// Epoch milliseconds.
    pub now: i64,
}

/// Writes what a request changes. False when the playground is no longer as it was, or another one has the name.
pub fn change(
    batch: &mut Batch<'_, '_>,
    change: &PlaygroundUpdate,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const CHANGE: &str = "UPDATE playgrounds SET name = $3, playspec_id = $4, body = $5,
        sealed = $6, wanted = wanted + $7, updated_at = $8, version = version + 1
        WHERE id = $1 AND version = $2
        AND NOT EXISTS (SELECT 1 FROM playgrounds AS other WHERE other.name = $3 AND other.id <> $1)";
    const EXPIRES: &str = "UPDATE playgrounds SET expires_at = $2, life_from = $3,
        warned_at = NULL, tried_at = NULL
        WHERE id = $1 AND COALESCE(expires_at, -1) <> COALESCE(CAST($2 AS BIGINT), -1)";
    let args = args![
        change.id,
        change.version,
        &change.name,
        change.playspec_id,
        &change.body,
        &change.sealed,
        i64::from(change.differs),
        change.now
    ];
    if batch.tx.exec(CHANGE, args)? == 0 {
        return Ok(false);
    }
    batch
        .tx
        .exec(EXPIRES, args![change.id, change.expires_at, change.now])?;
    batch.record(entry);
    let data = json!({"id": change.id, "name": change.name, "needs_recreation": change.differs});
    batch.tell("playground", "playground.updated", &data, change.now);
    Ok(true)
}

/// Sets when a playground's time is over; one that its checkouts kept from being destroyed is as it was before.
/// False when it is no longer as `version` says.
pub fn extend(
    batch: &mut Batch<'_, '_>,
    (id, version): (i64, i64),
    expires_at: i64,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const EXTEND: &str = "UPDATE playgrounds SET expires_at = $3, warned_at = NULL,
        tried_at = NULL, dirty = CASE WHEN dirty IS NULL THEN NULL ELSE '[]' END,
        version = version + 1, updated_at = $4 WHERE id = $1 AND version = $2";
    let args = args![id, version, expires_at, entry.at];
    if batch.tx.exec(EXTEND, args)? == 0 {
        return Ok(false);
    }
    batch.record(entry);
    let data = json!({"id": id, "expires_at": expires_at});
    batch.tell(
        "playground",
        "playground.expiration.extended",
        &data,
        entry.at,
    );
    Ok(true)
}
