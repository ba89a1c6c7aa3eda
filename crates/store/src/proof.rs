//! A write that proves that the database takes writes, and changes nothing else.

use crate::{Batch, Error, driver::args};

/// Notes the time, in epoch milliseconds.
///
/// # Errors
/// The database's.
pub fn write(batch: &mut Batch<'_, '_>, now: i64) -> Result<(), Error> {
    const NOTE: &str = "UPDATE proof SET written_at = $1 WHERE id = 1";
    batch.tx.exec(NOTE, args![now]).map(drop)
}
