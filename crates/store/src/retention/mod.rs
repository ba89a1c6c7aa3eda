//! What is old is deleted: ended runs with all that belongs to them, events, idempotency keys, the
//! marks of writers. One call deletes so much that its transaction stays short.

mod runs;

use engine::RunId;

pub use self::runs::{pending_deletions, run, runs};
use crate::{
    Batch, Error,
    driver::{Value, args},
};

/// Rows, in any table but that of the runs, that one call deletes at most.
pub(crate) const ROWS: i64 = 5_000;
/// Bytes that one call deletes at most, unless a single row has more.
const BYTES: i64 = 64 << 20;

/// What one call deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many.
    pub deleted: u64,
    /// Whether there may be more: then call again.
    pub more: bool,
}

/// What a transaction may still delete.
struct Room {
    rows: i64,
    bytes: i64,
    is_new: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            rows: ROWS,
            bytes: BYTES,
            is_new: true,
        }
    }
}

impl Room {
    /// False when there is no more room for this; there is always room for the first.
    fn take(&mut self, rows: i64, bytes: i64) -> bool {
        self.rows -= rows;
        self.bytes -= bytes;
        std::mem::take(&mut self.is_new) || (self.rows >= 0 && self.bytes >= 0)
    }
}

/// Deletes events older than `before`, oldest first and without leaving a gap.
pub fn events(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    const OLDEST: &str = "SELECT seq, at, CAST(OCTET_LENGTH(data) AS BIGINT) FROM events
        ORDER BY seq LIMIT $1";
    const DELETE: &str = "DELETE FROM events WHERE seq <= $1";
    const REMOVED: &str = "UPDATE event_head SET removed = $1 WHERE id = 1 AND removed < $1";
    let oldest: Vec<(i64, i64, i64)> = batch.tx.all(OLDEST, args![ROWS], |row| {
        Ok((row.int(0)?, row.int(1)?, row.int(2)?))
    })?;
    let mut room = Room::default();
    // Clocks may jump: those before an old one go with it.
    let last = oldest
        .iter()
        .take_while(|(.., bytes)| room.take(1, *bytes))
        .filter(|(_, at, _)| *at < before)
        .last();
    let Some((last, ..)) = last else {
        return Ok(Swept::default());
    };
    batch.tx.exec(REMOVED, args![*last])?;
    Ok(Swept {
        deleted: batch.tx.exec(DELETE, args![*last])?,
        more: true,
    })
}

/// Forgets idempotency keys older than `before`.
pub fn idempotency_keys(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    const OLD: &str = "SELECT key, CAST(LENGTH(answer) AS BIGINT) FROM idempotency_keys
        WHERE created_at < $1 ORDER BY created_at LIMIT $2";
    let old: Vec<(String, i64)> = batch.tx.all(OLD, args![before, ROWS], |row| {
        Ok((row.text(0)?, row.int(1)?))
    })?;
    let mut room = Room::default();
    let some: Vec<[Value<'_>; 2]> = old
        .iter()
        .take_while(|(_, bytes)| room.take(1, *bytes))
        .map(|(key, _)| [key.into(), before.into()])
        .collect();
    // Another server may have forgotten it meanwhile, and it may be in use again.
    let delete = "DELETE FROM idempotency_keys WHERE key = $1 AND created_at < $2";
    Ok(Swept {
        deleted: batch.tx.exec_many(delete, &some)?,
        more: !some.is_empty(),
    })
}

/// Forgets the writers of other servers that were not there since `before`: one that was killed
/// could not do it. One that wakes up again learns, at worst, that it is not known what became of
/// its last commit.
pub fn writers(batch: &mut Batch<'_, '_>, before: i64) -> Result<u64, Error> {
    let delete = "DELETE FROM writers WHERE seen_at < $1";
    batch.tx.exec(delete, args![before])
}

/// Notes that a writer is there, on a database that has others.
pub(crate) fn attend(batch: &mut Batch<'_, '_>, name: &str, now: i64) -> Result<(), Error> {
    let note = "UPDATE writers SET seen_at = $2 WHERE name = $1";
    batch.tx.exec(note, args![name, now]).map(drop)
}

/// The lowest id that a run made at this time can have: the first six bytes of a UUID of version 7
/// are the time.
pub fn first_id_at(at: i64) -> RunId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&at.max(0).to_be_bytes()[2..]);
    RunId::from_bytes(bytes)
}
