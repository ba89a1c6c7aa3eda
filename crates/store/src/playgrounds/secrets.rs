//! Values that were generated for a playground.

use crate::{Batch, Error, Read, driver::args};

/// Every generated value of a playground, sealed, by its name.
pub fn secrets(
    read: &mut Read<'_, '_>,
    playground_id: i64,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    const ALL: &str =
        "SELECT name, sealed FROM playground_secrets WHERE playground_id = $1 ORDER BY name";
    read.tx.all(ALL, args![playground_id], |row| {
        Ok((row.text(0)?, row.bytes(1)?))
    })
}

/// Keeps those of these sealed values whose names have none yet.
pub fn keep_generated(
    batch: &mut Batch<'_, '_>,
    playground_id: i64,
    values: &[(String, Vec<u8>)],
    now: i64,
) -> Result<(), Error> {
    const KEEP: &str = "INSERT INTO playground_secrets (playground_id, name, sealed, created_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT (playground_id, name) DO NOTHING";
    for (name, sealed) in values {
        batch
            .tx
            .exec(KEEP, args![playground_id, name, sealed, now])?;
    }
    Ok(())
}
