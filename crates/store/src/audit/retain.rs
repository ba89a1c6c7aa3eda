//! Lines go when they are old, the oldest first, and the chain stays one that can be verified.

use crate::{
    Batch, Error,
    retention::{ROWS, Swept},
    seam::args,
};

/// Deletes lines older than `before`, and remembers the hash of the last of them.
///
/// # Errors
/// The database's.
pub fn retain(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    // Servers take turns: none starts from what another is deleting.
    const LOCK: &str = "SELECT removed FROM audit_start WHERE id = 1 {lock}";
    const OLDEST: &str = "SELECT number, at, hash FROM audit ORDER BY number LIMIT $1";
    const START: &str = "UPDATE audit_start SET removed = $1, hash = $2 WHERE id = 1";
    const DELETE: &str = "DELETE FROM audit WHERE number <= $1";
    batch.tx.first(LOCK, args![], |row| row.int(0))?;
    let oldest = batch.tx.all(OLDEST, args![ROWS], |row| {
        Ok((row.int(0)?, row.int(1)?, row.bytes(2)?))
    })?;
    // Clocks may jump: those before an old one go with it.
    let last = oldest.iter().rfind(|(_, at, _)| *at < before);
    let Some((last, _, hash)) = last else {
        return Ok(Swept::default());
    };
    batch.tx.exec(START, args![*last, hash])?;
    let deleted = batch.tx.exec(DELETE, args![*last])?;
    Ok(Swept {
        deleted,
        more: i64::try_from(deleted) == Ok(ROWS),
    })
}
