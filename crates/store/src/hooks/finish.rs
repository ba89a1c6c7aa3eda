//! An attempt to deliver has ended.

use serde_json::json;

use crate::{
    Batch, Error,
    driver::{Tx, args},
};

/// How an attempt ended, and what was answered.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// The hook.
    pub hook_id: String,
    /// The delivery's number at this hook.
    pub number: i64,
    /// Who sent it.
    pub claimant: String,
    /// Which attempt it was.
    pub attempt: i64,
    /// What becomes of the delivery.
    pub outcome: Outcome,
    /// Status of the answer, if one came.
    pub response_status: Option<i64>,
    /// The beginning of the answer's body.
    pub response: Vec<u8>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was delivered.
    Delivered,
    /// It is sent again.
    Again {
        /// When, epoch milliseconds.
        due_at: i64,
        /// The receiver wants nothing at all until then.
        pause: bool,
    },
    /// It has failed for good.
    Failed,
    /// The receiver wants nothing ever again.
    Gone,
}

/// When a hook that only fails is disabled.
#[derive(Clone, Copy, Debug)]
pub struct DisableAfter {
    /// After so many failures in a row,
    pub failures: i64,
    /// and so long after the first of them, in milliseconds.
    pub time_ms: i64,
}

struct Health {
    failures: i64,
    failing_since: Option<i64>,
    paused_until: i64,
    of_run: bool,
}

impl Health {
    /// Not before what the receiver asked for last: of two attempts that were under way at once each
    /// may name a time, and the later one counts.
    fn held(&self, due_at: i64) -> i64 {
        due_at.max(self.paused_until)
    }
}

/// Writes down how an attempt ended. False when the claim was not its own any more: then nothing
/// is changed.
pub fn finish(
    batch: &mut Batch<'_, '_>,
    attempted: &Attempted,
    disable_after: DisableAfter,
    now: i64,
) -> Result<bool, Error> {
    const LOCK: &str = "SELECT failures, failing_since, paused_until, run_id FROM hooks
        WHERE id = $1 {lock}";
    let id = &attempted.hook_id;
    // The hook first, as everybody does who changes its deliveries.
    let health = batch.tx.first(LOCK, args![id], |row| {
        Ok(Health {
            failures: row.int(0)?,
            failing_since: row.opt_int(1)?,
            paused_until: row.int(2)?,
            of_run: row.opt_run_id(3)?.is_some(),
        })
    })?;
    let Some(mut health) = health else {
        return Ok(false);
    };
    let due_at = match attempted.outcome {
        Outcome::Again { due_at, .. } => Some(health.held(due_at)),
        _ => None,
    };
    if !write(batch.tx, attempted, due_at, now)? {
        return Ok(false);
    }
    if let (Outcome::Again { pause: true, .. }, Some(until)) = (attempted.outcome, due_at) {
        pause(batch.tx, id, until)?;
        health.paused_until = until;
    }
    if matches!(
        attempted.outcome,
        Outcome::Delivered | Outcome::Failed | Outcome::Gone
    ) {
        promote(batch.tx, attempted, health.held(now))?;
    }
    judge(batch, attempted, &health, disable_after, now)?;
    // Others that were under way when one was refused say nothing of now.
    if attempted.outcome == Outcome::Delivered
        && health.paused_until > now
        && is_test(batch.tx, attempted)?
    {
        lift_pause(batch.tx, id, health.paused_until, now)?;
    }
    Ok(true)
}

/// The delivery's row; false when it is not this claim's any more.
fn write(
    tx: &mut Tx<'_>,
    attempted: &Attempted,
    due_at: Option<i64>,
    now: i64,
) -> Result<bool, Error> {
    const WRITE: &str = "UPDATE deliveries SET status = $5, due_at = $6, ended_at = $7,
        failure_count = failure_count + $8, response_status = $9, response = $10, error = $11,
        claimed_by = NULL, claimed_until = NULL
        WHERE hook_id = $1 AND number = $2 AND claimed_by = $3 AND attempts = $4";
    let (status, ended_at) = match attempted.outcome {
        Outcome::Delivered => ("delivered", Some(now)),
        Outcome::Again { .. } => ("pending", None),
        Outcome::Failed | Outcome::Gone => ("failed", Some(now)),
    };
    let failure = i64::from(attempted.outcome != Outcome::Delivered);
    let changed = tx.exec(
        WRITE,
        args![
            &attempted.hook_id,
            attempted.number,
            &attempted.claimant,
            attempted.attempt,
            status,
            due_at,
            ended_at,
            failure,
            attempted.response_status,
            &attempted.response,
            attempted.error.as_ref()
        ],
    )?;
    Ok(changed > 0)
}

/// Holds back everything of a hook that is not under way.
fn pause(tx: &mut Tx<'_>, hook: &str, until: i64) -> Result<(), Error> {
    const HOOK: &str = "UPDATE hooks SET paused_until = $2 WHERE id = $1";
    const OTHERS: &str = "UPDATE deliveries SET due_at = $2
        WHERE hook_id = $1 AND ended_at IS NULL AND claimed_by IS NULL AND due_at < $2";
    tx.exec(HOOK, args![hook, until])?;
    tx.exec(OTHERS, args![hook, until]).map(drop)
}

/// Whether a delivery speaks of no event: it is a test.
fn is_test(tx: &mut Tx<'_>, attempted: &Attempted) -> Result<bool, Error> {
    const TEST: &str =
        "SELECT 1 FROM deliveries WHERE hook_id = $1 AND number = $2 AND seq IS NULL";
    let args = args![&attempted.hook_id, attempted.number];
    Ok(tx.first(TEST, args, |_| Ok(()))?.is_some())
}

/// Sends again what was held back until `until`.
pub(super) fn lift_pause(tx: &mut Tx<'_>, hook: &str, until: i64, now: i64) -> Result<(), Error> {
    const HOOK: &str = "UPDATE hooks SET paused_until = 0 WHERE id = $1";
    const HELD: &str = "UPDATE deliveries SET due_at = $3
        WHERE hook_id = $1 AND ended_at IS NULL AND claimed_by IS NULL AND due_at = $2";
    tx.exec(HOOK, args![hook])?;
    tx.exec(HELD, args![hook, until, now]).map(drop)
}

/// The next delivery of the run may go.
fn promote(tx: &mut Tx<'_>, attempted: &Attempted, due_at: i64) -> Result<(), Error> {
    const PROMOTE: &str = "UPDATE deliveries SET due_at = $3
        WHERE hook_id = $1 AND due_at IS NULL AND number = (SELECT MIN(number) FROM deliveries
            WHERE hook_id = $1 AND ended_at IS NULL AND run_id = (SELECT run_id FROM deliveries
                WHERE hook_id = $1 AND number = $2))";
    let args = args![&attempted.hook_id, attempted.number, due_at];
    tx.exec(PROMOTE, args).map(drop)
}

/// How the hook fares: it may be disabled now.
fn judge(
    batch: &mut Batch<'_, '_>,
    attempted: &Attempted,
    health: &Health,
    disable_after: DisableAfter,
    now: i64,
) -> Result<(), Error> {
    const WELL: &str = "UPDATE hooks SET failures = 0, failing_since = NULL WHERE id = $1";
    const ILL: &str = "UPDATE hooks SET failures = $2, failing_since = $3 WHERE id = $1";
    let id = &attempted.hook_id;
    if attempted.outcome == Outcome::Delivered {
        if health.failures > 0 {
            batch.tx.exec(WELL, args![id])?;
        }
        return Ok(());
    }
    let (failures, since) = (health.failures + 1, health.failing_since.unwrap_or(now));
    batch.tx.exec(ILL, args![id, failures, since])?;
    if attempted.outcome == Outcome::Gone {
        return disable(batch, id, "the receiver answered 410 Gone", now);
    }
    // A run's hook ends with its run.
    if !health.of_run && failures >= disable_after.failures && now - since >= disable_after.time_ms
    {
        let reason = format!("{failures} attempts failed and none succeeded");
        return disable(batch, id, &reason, now);
    }
    Ok(())
}

/// Sends nothing more: what is not ended fails, and the log says so.
pub(super) fn disable(
    batch: &mut Batch<'_, '_>,
    id: &str,
    reason: &str,
    now: i64,
) -> Result<(), Error> {
    const HOOK: &str = "UPDATE hooks SET disabled_at = $2, disabled_reason = $3
        WHERE id = $1 AND disabled_at IS NULL";
    const OPEN: &str = "UPDATE deliveries SET status = 'failed', ended_at = $2, due_at = NULL,
        claimed_by = NULL, claimed_until = NULL, error = COALESCE(error, $3)
        WHERE hook_id = $1 AND ended_at IS NULL";
    if batch.tx.exec(HOOK, args![id, now, reason])? == 0 {
        return Ok(());
    }
    let error = format!("the hook was disabled: {reason}");
    batch.tx.exec(OPEN, args![id, now, &error])?;
    let data = json!({"hook_id": id, "reason": reason});
    batch.tell("hook", "hook.disabled", &data, now);
    Ok(())
}
