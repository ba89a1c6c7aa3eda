//! A server looks at a schedule that is due: what comes of it is written once.

use engine::RunId;
use serde_json::json;

use super::{NextTime, ScheduleRow};
use crate::{
    Batch, Error, Read,
    driver::args,
    runs::{Submit, submit_all},
};

/// What became of one look at a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// Nothing is started yet, or there was nothing to start.
    Waited,
    /// A time was left out because an execution had not ended.
    Skipped {
        /// The time, epoch milliseconds.
        due_at: i64,
    },
    /// A time had come and nothing could be started.
    Failed {
        /// The time, epoch milliseconds.
        due_at: i64,
        /// Why.
        reason: String,
    },
}

/// Starts an execution of a schedule and moves the schedule on, both or neither. False when it is no longer as
/// `row.version` says: another server was faster, or a request changed it. Without `next` it stays where it is.
pub fn start(
    batch: &mut Batch<'_, '_>,
    row: &ScheduleRow,
    next: Option<NextTime>,
    submit: &Submit,
) -> Result<bool, Error> {
    const MOVE: &str = "UPDATE schedules SET version = version + 1, due_at = $3, look_at = $4,
        queued_at = $5, last_run = $6, last_run_at = $7, last_error = NULL, last_error_at = NULL
        WHERE id = $1 AND version = $2";
    let Some(run) = submit.runs.first().map(|submission| submission.run.id) else {
        return Ok(false);
    };
    let next = next.or(row.next);
    let moved = batch.tx.exec(
        MOVE,
        args![
            &row.id,
            row.version,
            next.map(|next| next.due_at),
            next.map(|next| next.look_at),
            next.and_then(|next| next.queued_at),
            &run,
            submit.now
        ],
    )?;
    if moved == 0 {
        return Ok(false);
    }
    let mut answers = submit_all(batch, &[submit])?;
    match answers.pop() {
        Some(Err(error)) => Err(error),
        _ => Ok(true),
    }
}

/// Moves a schedule on without starting anything, and tells of what needs telling. False as in [`start`].
pub fn look(
    batch: &mut Batch<'_, '_>,
    row: &ScheduleRow,
    next: NextTime,
    looked: &Looked,
    now: i64,
) -> Result<bool, Error> {
    const MOVE: &str = "UPDATE schedules SET version = version + 1, due_at = $3, look_at = $4,
        queued_at = $5, last_skipped_at = COALESCE($6, last_skipped_at),
        last_error = COALESCE($7, last_error), last_error_at = COALESCE($8, last_error_at)
        WHERE id = $1 AND version = $2";
    let (skipped_at, error) = match looked {
        Looked::Waited => (None, None),
        Looked::Skipped { due_at } => (Some(*due_at), None),
        Looked::Failed { reason, .. } => (None, Some(reason)),
    };
    let moved = batch.tx.exec(
        MOVE,
        args![
            &row.id,
            row.version,
            next.due_at,
            next.look_at,
            next.queued_at,
            skipped_at,
            error,
            error.map(|_| now)
        ],
    )?;
    if moved == 0 {
        return Ok(false);
    }
    if let Looked::Failed { due_at, reason } = looked {
        let data = json!({"schedule_id": row.id, "name": row.name, "reason": reason,
            "due_at": due_at});
        batch.tell("schedule", "schedule.failed", &data, now);
    }
    Ok(true)
}

/// Disables a schedule, and tells of it. False as in [`start`].
pub fn disable(
    batch: &mut Batch<'_, '_>,
    row: &ScheduleRow,
    reason: &str,
    now: i64,
) -> Result<bool, Error> {
    const DISABLE: &str = "UPDATE schedules SET version = version + 1, due_at = NULL,
        look_at = NULL, queued_at = NULL, disabled_at = $3, disabled_reason = $4
        WHERE id = $1 AND version = $2";
    let disable = args![&row.id, row.version, now, reason];
    if batch.tx.exec(DISABLE, disable)? == 0 {
        return Ok(false);
    }
    let data = json!({"schedule_id": row.id, "name": row.name, "reason": reason});
    batch.tell("schedule", "schedule.disabled", &data, now);
    Ok(true)
}

/// Whether a run has not ended. One that was deleted has.
pub fn is_live(read: &mut Read<'_, '_>, run: RunId) -> Result<bool, Error> {
    const LIVE: &str = "SELECT version FROM runs WHERE id = $1 AND ended_at IS NULL";
    let found = read.tx.first(LIVE, args![&run], |row| row.int(0))?;
    Ok(found.is_some())
}
