//! Deliveries are taken to be sent. A claim is a time until which no other server takes the delivery;
//! the sender renews it, so what a crash left is due again soon.

use std::collections::BTreeMap;

use engine::RunId;

use super::Slot;
use crate::{
    Batch, Error,
    driver::{Row, Value, args},
};

/// A delivery that its claimant sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The hook.
    pub hook_id: String,
    /// The delivery's number at this hook.
    pub number: i64,
    /// The key that made the hook.
    pub owner: String,
    /// Which attempt this is, from 1. With the claimant it is the proof of the claim.
    pub attempt: i64,
    /// Failures before it, since the delivery was opened.
    pub failure_count: i64,
    /// When it was opened, epoch milliseconds: a replay opens it again.
    pub opened_at: i64,
    /// The run that it speaks of.
    pub run_id: Option<RunId>,
    /// The event's name for the receiver.
    pub event: String,
    /// The whole body.
    pub body: String,
    /// Where to.
    pub url: String,
    /// The hook's own headers.
    pub headers: BTreeMap<String, String>,
    /// What it is signed with, sealed.
    pub secret: Option<String>,
    /// Attempts at most, if fewer than its time allows.
    pub max_attempts: Option<i64>,
}

/// Takes these deliveries until `until`, those of them that are still due.
pub fn claim(
    batch: &mut Batch<'_, '_>,
    claimant: &str,
    due: &[Slot],
    until: i64,
    now: i64,
) -> Result<Vec<Sending>, Error> {
    // Two servers may have found the same delivery: the second one waits here for the first one's
    // commit, and then the delivery is claimed.
    const TAKE: &str =
        "UPDATE deliveries SET claimed_by = $3, claimed_until = $4, attempts = attempts + 1
        WHERE hook_id = $1 AND number = $2 AND due_at <= $5
        AND (claimed_until IS NULL OR claimed_until <= $5)
        AND EXISTS (SELECT 1 FROM hooks WHERE id = $1 AND disabled_at IS NULL) RETURNING attempts";
    // To open a delivery locks its hook, and to disable a hook ends its deliveries. Should one be left
    // all the same it must not stay due: the outbox would look at it forever.
    const ORPHAN: &str = "UPDATE deliveries SET status = 'failed', ended_at = $3, due_at = NULL,
        claimed_by = NULL, claimed_until = NULL, error = COALESCE(error, 'the hook is disabled')
        WHERE hook_id = $1 AND number = $2 AND due_at <= $3
        AND NOT EXISTS (SELECT 1 FROM hooks WHERE id = $1 AND disabled_at IS NULL)";
    const SENDING: &str =
        "SELECT d.hook_id, d.number, d.owner, d.attempts, d.failure_count, d.opened_at,
        d.run_id, d.event, d.body, h.url, h.headers, h.secret, h.max_attempts
        FROM deliveries d JOIN hooks h ON h.id = d.hook_id WHERE d.hook_id = $1 AND d.number = $2";
    // All servers take in the same order, so no two wait for each other.
    let mut due: Vec<(&String, i64)> = due.iter().map(|one| (&one.hook_id, one.number)).collect();
    due.sort_unstable();
    let rows: Vec<[Value<'_>; 5]> = due
        .iter()
        .map(|(hook, number)| {
            [
                (*hook).into(),
                (*number).into(),
                claimant.into(),
                until.into(),
                now.into(),
            ]
        })
        .collect();
    let taken = batch.tx.first_many(TAKE, &rows, |row| row.int(0))?;
    let (mut rows, mut orphans) = (Vec::new(), Vec::new());
    for ((hook, number), attempt) in due.into_iter().zip(taken) {
        let (hook, number): (Value<'_>, Value<'_>) = (hook.into(), number.into());
        match attempt {
            Some(_) => rows.push([hook, number]),
            None => orphans.push([hook, number, now.into()]),
        }
    }
    batch.tx.exec_many(ORPHAN, &orphans)?;
    let sending = batch.tx.first_many(SENDING, &rows, sending)?;
    Ok(sending.into_iter().flatten().collect())
}

/// Extends claims to `until`.
pub fn renew(
    batch: &mut Batch<'_, '_>,
    claimant: &str,
    claims: &[(String, i64)],
    until: i64,
) -> Result<(), Error> {
    const RENEW: &str = "UPDATE deliveries SET claimed_until = $4
        WHERE hook_id = $1 AND number = $2 AND claimed_by = $3";
    let mut claims: Vec<&(String, i64)> = claims.iter().collect();
    claims.sort_unstable();
    let rows: Vec<[Value<'_>; 4]> = claims
        .into_iter()
        .map(|(hook, number)| [hook.into(), (*number).into(), claimant.into(), until.into()])
        .collect();
    batch.tx.exec_many(RENEW, &rows).map(drop)
}

/// Releases claims whose deliveries were not sent to an end: they are due now, or when their hook's pause
/// ends.
pub fn release(
    batch: &mut Batch<'_, '_>,
    claimant: &str,
    claims: &[(String, i64)],
    now: i64,
) -> Result<(), Error> {
    const LOCK: &str = "SELECT paused_until FROM hooks WHERE id = $1 {lock}";
    const RELEASE: &str =
        "UPDATE deliveries SET claimed_by = NULL, claimed_until = NULL, due_at = $4
        WHERE hook_id = $1 AND number = $2 AND claimed_by = $3";
    let mut claims: Vec<&(String, i64)> = claims.iter().collect();
    claims.sort_unstable();
    for (hook, number) in claims {
        let paused = batch.tx.first(LOCK, args![hook], |row| row.int(0))?;
        let due_at = now.max(paused.unwrap_or(now));
        batch
            .tx
            .exec(RELEASE, args![hook, *number, claimant, due_at])?;
    }
    Ok(())
}

fn sending(row: &Row<'_>) -> Result<Sending, Error> {
    let headers = serde_json::from_str(&row.text(10)?)
        .map_err(|error| Error::Corrupt(format!("a hook's headers: {error}")))?;
    Ok(Sending {
        hook_id: row.text(0)?,
        number: row.int(1)?,
        owner: row.text(2)?,
        attempt: row.int(3)?,
        failure_count: row.int(4)?,
        opened_at: row.int(5)?,
        run_id: row.opt_run_id(6)?,
        event: row.text(7)?,
        body: row.text(8)?,
        url: row.text(9)?,
        headers,
        secret: row.opt_text(11)?,
        max_attempts: row.opt_int(12)?,
    })
}
