//! Playgrounds whose time is over, or soon is.

use serde_json::json;

use super::row::{PlaygroundRow, find};
use crate::{Batch, Error, Read, driver::args};

const EXPIRED: &str = "SELECT id FROM playgrounds WHERE expires_at IS NOT NULL
    AND expires_at <= $1 AND (tried_at IS NULL OR tried_at <= $2) ORDER BY expires_at LIMIT $3";

/// Up to `limit` playgrounds whose time is over and whose end was last tried before `tried`.
pub fn expired(
    read: &mut Read<'_, '_>,
    now: i64,
    tried: i64,
    limit: i64,
) -> Result<Vec<PlaygroundRow>, Error> {
    let ids = read
        .tx
        .all(EXPIRED, args![now, tried, limit], |row| row.int(0))?;
    let found: Result<Vec<_>, Error> = ids.into_iter().map(|id| find(read, id)).collect();
    Ok(found?.into_iter().flatten().collect())
}

/// How the database would find [`expired`], for tests.
pub fn expiry_plan(read: &mut Read<'_, '_>) -> Result<String, Error> {
    read.tx.plan(EXPIRED, args![1_i64, 1_i64, 1_i64])
}

/// Notes that the end of a playground was tried.
pub fn note_tried(batch: &mut Batch<'_, '_>, id: i64, now: i64) -> Result<(), Error> {
    const TRIED: &str = "UPDATE playgrounds SET tried_at = $2 WHERE id = $1";
    batch.tx.exec(TRIED, args![id, now]).map(drop)
}

/// The time of a playground is over now, unless it was already.
pub fn end_life(batch: &mut Batch<'_, '_>, id: i64, now: i64) -> Result<(), Error> {
    const END: &str = "UPDATE playgrounds SET expires_at = $2, tried_at = NULL
        WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    batch.tx.exec(END, args![id, now]).map(drop)
}

/// Up to `limit` playgrounds whose time is over before `until`, of which nothing was told yet: their ids, when
/// their time began and when it is over.
pub fn unwarned(
    read: &mut Read<'_, '_>,
    until: i64,
    limit: i64,
) -> Result<Vec<(i64, i64, i64)>, Error> {
    const UNWARNED: &str = "SELECT id, life_from, expires_at FROM playgrounds
        WHERE expires_at IS NOT NULL AND expires_at <= $1 AND warned_at IS NULL
        ORDER BY expires_at LIMIT $2";
    read.tx.all(UNWARNED, args![until, limit], |row| {
        Ok((row.int(0)?, row.int(1)?, row.int(2)?))
    })
}

/// Tells once that a playground's time is over soon.
pub fn warn(
    batch: &mut Batch<'_, '_>,
    (id, expires_at): (i64, i64),
    now: i64,
) -> Result<bool, Error> {
    const WARN: &str = "UPDATE playgrounds SET warned_at = $3
        WHERE id = $1 AND expires_at = $2 AND warned_at IS NULL RETURNING name";
    let name = batch
        .tx
        .first(WARN, args![id, expires_at, now], |row| row.text(0))?;
    let Some(name) = name else {
        return Ok(false);
    };
    let data = json!({"id": id, "name": name, "expires_at": expires_at});
    batch.tell("playground", "playground.expiring", &data, now);
    Ok(true)
}
