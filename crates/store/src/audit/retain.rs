//! Lines go when they are old, the oldest first, and the chain stays one that can be verified.

use crate::{
    Batch, Error,
    driver::args,
    retention::{ROWS, Swept},
};

/// A line as far as it matters here: number, time, hash.
type Aged = (i64, i64, Vec<u8>);

/// Deletes lines older than `before`, and remembers the hash of the last of them.
///
/// Clocks jump. A line that is young keeps those after it, whatever their times: they are no older than it
/// is. A line of the time after `now` says nothing, and goes with the old one that follows it.
pub fn retain(batch: &mut Batch<'_, '_>, before: i64, now: i64) -> Result<Swept, Error> {
    // Servers take turns: none starts from what another is deleting.
    const LOCK: &str = "SELECT removed FROM audit_start WHERE id = 1 {lock}";
    const OLDEST: &str = "SELECT number, at, hash FROM audit ORDER BY number LIMIT $1";
    const START: &str = "UPDATE audit_start SET removed = $1, hash = $2 WHERE id = 1";
    const DELETE: &str = "DELETE FROM audit WHERE number <= $1";
    batch.tx.first(LOCK, args![], |row| row.int(0))?;
    let oldest: Vec<Aged> = batch.tx.all(OLDEST, args![ROWS], |row| {
        Ok((row.int(0)?, row.int(1)?, row.bytes(2)?))
    })?;
    let Some((last, _, hash)) = last_old(batch, &oldest, before, now)? else {
        return Ok(Swept::default());
    };
    batch.tx.exec(START, args![*last, hash])?;
    let deleted = batch.tx.exec(DELETE, args![*last])?;
    Ok(Swept {
        deleted,
        more: i64::try_from(deleted) == Ok(ROWS),
    })
}

/// The last of these lines, the oldest that there are, that goes with all before it.
fn last_old<'a>(
    batch: &mut Batch<'_, '_>,
    oldest: &'a [Aged],
    before: i64,
    now: i64,
) -> Result<Option<&'a Aged>, Error> {
    const NEXT: &str = "SELECT at FROM audit WHERE number > $1 AND at <= $2
        ORDER BY number LIMIT 1";
    let young = oldest
        .iter()
        .position(|(_, at, _)| (before..=now).contains(at));
    let rest = &oldest[..young.unwrap_or(oldest.len())];
    if young.is_none()
        && let Some(last) = rest.last()
    {
        // What follows says how old they are that end the page with a time that has not come.
        let next = batch.tx.first(NEXT, args![last.0, now], |row| row.int(0))?;
        if next.is_some_and(|at| at < before) {
            return Ok(Some(last));
        }
    }
    Ok(rest.iter().rfind(|(_, at, _)| *at < before))
}
