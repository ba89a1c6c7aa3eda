//! Deliveries are taken to be sent. A claim is a time until which nobody else takes the delivery;
//! the caller who sends renews it, so what a crash left is due again soon.

use std::collections::BTreeMap;

use engine::RunId;

use super::Lane;
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
    /// Whoever made the hook.
    pub owner: String,
    /// Its lane.
    pub lane: String,
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
    /// What it is signed with.
    pub secret: Option<String>,
    /// Attempts at most, if fewer than its time allows.
    pub max_attempts: Option<i64>,
}

/// Takes up to so many due deliveries of each of these lanes, until `until`: first those whose claim has
/// ended, which were due before all that waits.
///
/// # Errors
/// The database's.
pub fn claim(
    batch: &mut Batch<'_, '_>,
    claimant: &str,
    lanes: &[(Lane, i64)],
    until: i64,
    now: i64,
) -> Result<Vec<Sending>, Error> {
    // Two servers may have found the same delivery: the second one waits here for the first one's
    // commit, and then the delivery is not due any more.
    const TAKE: &str = "UPDATE deliveries SET claimed_by = $3, due_at = $4, attempts = attempts + 1
        WHERE hook_id = $1 AND number = $2 AND due_at <= $5
        AND EXISTS (SELECT 1 FROM hooks WHERE id = $1 AND disabled_at IS NULL) RETURNING attempts";
    // Whoever opens a delivery holds its hook, and the caller who disables a hook ends its deliveries. Should
    // there be one all the same it must not stay due: the outbox would look at it forever.
    const STRAY: &str = "UPDATE deliveries SET status = 'failed', ended_at = $3, due_at = NULL,
        claimed_by = NULL, error = COALESCE(error, 'the hook is disabled')
        WHERE hook_id = $1 AND number = $2 AND due_at <= $3
        AND NOT EXISTS (SELECT 1 FROM hooks WHERE id = $1 AND disabled_at IS NULL)";
    const SENDING: &str =
        "SELECT d.hook_id, d.number, d.lane, d.attempts, d.failure_count, d.opened_at,
        d.run_id, d.event, d.body, h.url, h.headers, h.secret, h.max_attempts, d.owner
        FROM deliveries d JOIN hooks h ON h.id = d.hook_id WHERE d.hook_id = $1 AND d.number = $2";
    let mut due: Vec<(String, i64)> = Vec::new();
    for (lane, most) in lanes {
        due.extend(due_of(batch, lane, *most, now)?);
    }
    // Everybody takes in the same order, so nobody waits in a circle.
    due.sort_unstable();
    let rows: Vec<[Value<'_>; 5]> = due
        .iter()
        .map(|(hook, number)| {
            [
                hook.into(),
                (*number).into(),
                claimant.into(),
                until.into(),
                now.into(),
            ]
        })
        .collect();
    let taken = batch.tx.first_many(TAKE, &rows, |row| row.int(0))?;
    let (mut rows, mut strays) = (Vec::new(), Vec::new());
    for ((hook, number), attempt) in due.iter().zip(taken) {
        let (hook, number): (Value<'_>, Value<'_>) = (hook.into(), (*number).into());
        match attempt {
            Some(_) => rows.push([hook, number]),
            None => strays.push([hook, number, now.into()]),
        }
    }
    batch.tx.exec_many(STRAY, &strays)?;
    let sending = batch.tx.first_many(SENDING, &rows, sending)?;
    Ok(sending.into_iter().flatten().collect())
}

/// What to take of a lane.
fn due_of(
    batch: &mut Batch<'_, '_>,
    lane: &Lane,
    most: i64,
    now: i64,
) -> Result<Vec<(String, i64)>, Error> {
    const INTERRUPTED: &str = "SELECT hook_id, number FROM deliveries
        WHERE owner = $1 AND lane = $2 AND claimed_by IS NOT NULL AND due_at <= $3
        ORDER BY due_at, number LIMIT $4";
    const DUE: &str = "SELECT hook_id, number FROM deliveries
        WHERE owner = $1 AND lane = $2 AND claimed_by IS NULL AND due_at <= $3
        ORDER BY due_at, number LIMIT $4";
    let mut due = Vec::new();
    for (sql, wanted) in [(INTERRUPTED, lane.interrupted), (DUE, true)] {
        let left = most.saturating_sub(i64::try_from(due.len()).unwrap_or(i64::MAX));
        if wanted && left > 0 {
            let args = args![&lane.owner, &lane.name, now, left];
            due.extend(
                batch
                    .tx
                    .all(sql, args, |row| Ok((row.text(0)?, row.int(1)?)))?,
            );
        }
    }
    Ok(due)
}

/// Extends claims to `until`.
///
/// # Errors
/// The database's.
pub fn renew(
    batch: &mut Batch<'_, '_>,
    claimant: &str,
    claims: &[(String, i64)],
    until: i64,
) -> Result<(), Error> {
    const RENEW: &str = "UPDATE deliveries SET due_at = $4
        WHERE hook_id = $1 AND number = $2 AND claimed_by = $3";
    let mut claims: Vec<&(String, i64)> = claims.iter().collect();
    claims.sort_unstable();
    let rows: Vec<[Value<'_>; 4]> = claims
        .into_iter()
        .map(|(hook, number)| [hook.into(), (*number).into(), claimant.into(), until.into()])
        .collect();
    batch.tx.exec_many(RENEW, &rows).map(drop)
}

/// Gives claims back whose deliveries were not sent to an end: they are nobody's, and due now or when
/// their hook may be sent something again.
///
/// # Errors
/// The database's.
pub fn release(
    batch: &mut Batch<'_, '_>,
    claimant: &str,
    claims: &[(String, i64)],
    now: i64,
) -> Result<(), Error> {
    const LOCK: &str = "SELECT paused_until FROM hooks WHERE id = $1 {lock}";
    const RELEASE: &str = "UPDATE deliveries SET claimed_by = NULL, due_at = $4
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
        owner: row.text(13)?,
        lane: row.text(2)?,
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
