//! Tickets: secrets that are good for one use and a short time. Only their SHA-256 is kept.

use crate::{Batch, Error, audit::AuditEntry, driver::args};

/// Keeps a ticket. `purpose` is what it is good for, `subject` whom it is for; `act` says who asks for
/// it, unless the server makes it by itself.
pub fn add(
    batch: &mut Batch<'_, '_>,
    hash: &[u8],
    purpose: &str,
    subject: &str,
    expires_at: i64,
    entry: Option<&AuditEntry>,
) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO tickets (hash, purpose, subject, expires_at)
        VALUES ($1, $2, $3, $4)";
    batch
        .tx
        .exec(INSERT, args![hash, purpose, subject, expires_at])?;
    if let Some(entry) = entry {
        batch.record(entry);
    }
    Ok(())
}

/// A ticket that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whom it is for.
    pub subject: String,
    /// Epoch milliseconds.
    pub expires_at: i64,
}

/// Takes a ticket: it cannot be taken again. `None` when there is no such ticket, it is for
/// something else, or its time is over.
pub fn take(
    batch: &mut Batch<'_, '_>,
    hash: &[u8],
    purpose: &str,
    now: i64,
) -> Result<Option<Taken>, Error> {
    const TAKE: &str = "DELETE FROM tickets WHERE hash = $1 AND purpose = $2 AND expires_at > $3
        RETURNING subject, expires_at";
    batch.tx.first(TAKE, args![hash, purpose, now], |row| {
        Ok(Taken {
            subject: row.text(0)?,
            expires_at: row.int(1)?,
        })
    })
}

/// Forgets every ticket for a purpose.
pub fn forget(batch: &mut Batch<'_, '_>, purpose: &str) -> Result<(), Error> {
    batch
        .tx
        .exec("DELETE FROM tickets WHERE purpose = $1", args![purpose])
        .map(drop)
}

/// Forgets tickets whose time was over before `before`.
pub fn sweep(batch: &mut Batch<'_, '_>, before: i64) -> Result<u64, Error> {
    batch
        .tx
        .exec("DELETE FROM tickets WHERE expires_at < $1", args![before])
}
