//! Deliveries as their hook's owner sees them, and what the owner does with them.

use engine::RunId;

use super::expand::Composed;
use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
};

macro_rules! columns {
    () => {
        "number, run_id, seq, event, status, created_at, due_at, claimed_by, attempts, ended_at, \
         response_status, response, error"
    };
}

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its number at its hook, from 1.
    pub number: i64,
    /// The run that it speaks of.
    pub run_id: Option<RunId>,
    /// Number of the event; a test has none.
    pub seq: Option<i64>,
    /// The event's name for the receiver.
    pub event: String,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// When it is sent next, epoch milliseconds; none while it waits for an earlier one, is being
    /// sent, or has ended.
    pub due_at: Option<i64>,
    /// How often it was begun to be sent.
    pub attempts: i64,
    /// Epoch milliseconds.
    pub ended_at: Option<i64>,
    /// Status of the last answer.
    pub response_status: Option<i64>,
    /// The beginning of the last answer's body.
    pub response: Option<Vec<u8>>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// What became of a wish that something be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The delivery, which is open now.
    Yes(Box<DeliveryRow>),
    /// There is no such hook or delivery.
    Missing,
    /// The hook is disabled: nothing is sent to it.
    Disabled,
}

/// Up to `limit` deliveries of a hook, newest first, with numbers below `before`.
pub fn deliveries(
    read: &mut Read<'_, '_>,
    hook: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<DeliveryRow>, Error> {
    const PAGE: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries WHERE hook_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
    );
    read.tx.all(PAGE, args![hook, before, limit], row)
}

/// How many deliveries have not ended.
pub fn pending(read: &mut Read<'_, '_>) -> Result<i64, Error> {
    const PENDING: &str = "SELECT COUNT(*) FROM deliveries WHERE ended_at IS NULL";
    let count = read.tx.first(PENDING, args![], |row| row.int(0))?;
    Ok(count.unwrap_or(0))
}

/// One delivery.
pub fn delivery(
    read: &mut Read<'_, '_>,
    hook: &str,
    number: i64,
) -> Result<Option<DeliveryRow>, Error> {
    const ONE: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries WHERE hook_id = $1 AND number = $2"
    );
    read.tx.first(ONE, args![hook, number], row)
}

/// Sends a delivery now: an ended one again, one that waits for its next attempt without waiting.
pub fn replay(
    batch: &mut Batch<'_, '_>,
    hook: &str,
    number: i64,
    entry: &AuditEntry,
) -> Result<Opened, Error> {
    const AGAIN: &str = "UPDATE deliveries SET status = 'pending', ended_at = NULL, opened_at = $3,
        failure_count = 0, due_at = $3 WHERE hook_id = $1 AND number = $2 AND ended_at IS NOT NULL";
    const NOW: &str = "UPDATE deliveries SET due_at = $3
        WHERE hook_id = $1 AND number = $2 AND due_at > $3 AND claimed_by IS NULL";
    match hold(batch, hook)? {
        Some(true) => {}
        Some(false) => return Ok(Opened::Disabled),
        None => return Ok(Opened::Missing),
    }
    let changed = batch.tx.exec(AGAIN, args![hook, number, entry.at])?
        + batch.tx.exec(NOW, args![hook, number, entry.at])?;
    if changed > 0 {
        batch.record(entry);
    }
    opened(batch, hook, number)
}

/// Makes a delivery that speaks of no event.
pub fn test(
    batch: &mut Batch<'_, '_>,
    hook: &str,
    composed: &Composed,
    entry: &AuditEntry,
) -> Result<Opened, Error> {
    const TAKE: &str = "UPDATE hooks SET next_number = next_number + 1
        WHERE id = $1 AND disabled_at IS NULL RETURNING next_number, owner";
    const INSERT: &str = "INSERT INTO deliveries (hook_id, number, owner, event, body, status,
        created_at, opened_at, due_at, attempts, failure_count)
        VALUES ($1, $2, $3, $4, $5, 'pending', $6, $6, $6, 0, 0)";
    if hold(batch, hook)? == Some(false) {
        return Ok(Opened::Disabled);
    }
    let taken = batch
        .tx
        .first(TAKE, args![hook], |row| Ok((row.int(0)? - 1, row.text(1)?)))?;
    let Some((number, owner)) = taken else {
        return Ok(Opened::Missing);
    };
    let (event, body) = (&composed.event, &composed.body);
    let args = args![hook, number, &owner, event, body, entry.at];
    batch.tx.exec(INSERT, args)?;
    batch.record(entry);
    opened(batch, hook, number)
}

/// Keeps everybody else from disabling the hook until the end of the transaction; answers whether it is
/// enabled, or nothing when there is none.
fn hold(batch: &mut Batch<'_, '_>, hook: &str) -> Result<Option<bool>, Error> {
    const LOCK: &str = "SELECT disabled_at FROM hooks WHERE id = $1 {lock}";
    let disabled = batch.tx.first(LOCK, args![hook], |row| row.opt_int(0))?;
    Ok(disabled.map(|at| at.is_none()))
}

fn opened(batch: &mut Batch<'_, '_>, hook: &str, number: i64) -> Result<Opened, Error> {
    let row = delivery(&mut batch.read(), hook, number)?;
    Ok(row.map_or(Opened::Missing, |row| Opened::Yes(Box::new(row))))
}

fn row(row: &Row<'_>) -> Result<DeliveryRow, Error> {
    let claimed = row.opt_text(7)?.is_some();
    Ok(DeliveryRow {
        number: row.int(0)?,
        run_id: row.opt_run_id(1)?,
        seq: row.opt_int(2)?,
        event: row.text(3)?,
        status: row.text(4)?,
        created_at: row.int(5)?,
        due_at: row.opt_int(6)?.filter(|_| !claimed),
        attempts: row.int(8)?,
        ended_at: row.opt_int(9)?,
        response_status: row.opt_int(10)?,
        response: row.opt_bytes(11)?,
        error: row.opt_text(12)?,
    })
}
