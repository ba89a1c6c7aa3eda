//! Schedules: what starts executions by the clock. When the next time is and what is started then is decided
//! elsewhere; here each decision is written once, however many servers made it.

use engine::RunId;
use serde_json::json;

use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
    runs::{Submit, submit_all},
};

/// The columns that [`read_row`] takes, in its order.
macro_rules! columns {
    () => {
        "id, name, body, key_id, owner, created_at, updated_at, version, disabled_at, \
         disabled_reason, due_at, look_at, queued_at, last_run, last_run_at, last_skipped_at, \
         last_error, last_error_at"
    };
}

/// A schedule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// A UUID.
    pub id: String,
    /// For people.
    pub name: String,
    /// When, what and how; opaque here.
    pub body: Vec<u8>,
    /// The key in whose name it starts executions, if it was made with one.
    pub key_id: Option<String>,
    /// What that key, or whoever made it, is called.
    pub owner: String,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// When it was last changed by a request, epoch milliseconds.
    pub updated_at: i64,
    /// Rises with every change.
    pub version: i64,
    /// Since when and why it starts nothing.
    pub disabled: Option<(i64, String)>,
    /// Where it stands; nothing while it is disabled.
    pub next: Option<NextTime>,
    /// The execution that it started last, and when.
    pub last_run: Option<(RunId, i64)>,
    /// The last time that was left out because an execution had not ended.
    pub last_skipped_at: Option<i64>,
    /// Why it last started nothing, and when.
    pub last_error: Option<(String, i64)>,
}

/// Where an enabled schedule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTime {
    /// Its next time, epoch milliseconds.
    pub due_at: i64,
    /// When a server looks at it: not before then.
    pub look_at: i64,
    /// Since when that time waits for the execution before it.
    pub queued_at: Option<i64>,
}

impl NextTime {
    /// A time that is still to come.
    #[must_use]
    pub fn at(due_at: i64) -> Self {
        Self {
            due_at,
            look_at: due_at,
            queued_at: None,
        }
    }
}

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

/// Every schedule, oldest first.
pub fn list(read: &mut Read<'_, '_>) -> Result<Vec<ScheduleRow>, Error> {
    const LIST: &str = concat!("SELECT ", columns!(), " FROM schedules ORDER BY id");
    read.tx.all(LIST, args![], read_row)
}

/// One schedule.
pub fn find(read: &mut Read<'_, '_>, id: &str) -> Result<Option<ScheduleRow>, Error> {
    const FIND: &str = concat!("SELECT ", columns!(), " FROM schedules WHERE id = $1");
    read.tx.first(FIND, args![id], read_row)
}

/// The schedules at which a server has to look first, at most so many. Those that are due come first.
pub fn first(read: &mut Read<'_, '_>, limit: i64) -> Result<Vec<ScheduleRow>, Error> {
    read.tx.all(FIRST, args![limit], read_row)
}

const FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM schedules WHERE look_at IS NOT NULL ORDER BY look_at LIMIT $1"
);

/// How the database would find [`first`], for tests.
pub fn first_plan(read: &mut Read<'_, '_>) -> Result<String, Error> {
    read.tx.plan(FIRST, args![1_i64])
}

/// Makes a schedule unless there are `most` already; false then.
pub fn create(
    batch: &mut Batch<'_, '_>,
    new: &ScheduleRow,
    most: i64,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const COUNT: &str = "SELECT COUNT(*) FROM schedules";
    const INSERT: &str = "INSERT INTO schedules (id, name, body, key_id, owner, created_at,
        updated_at, version, disabled_at, disabled_reason, due_at, look_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11)";
    let count = batch.tx.first(COUNT, args![], |row| row.int(0))?;
    if count.unwrap_or(0) >= most {
        return Ok(false);
    }
    batch.tx.exec(
        INSERT,
        args![
            &new.id,
            &new.name,
            &new.body,
            new.key_id.as_ref(),
            &new.owner,
            new.created_at,
            new.updated_at,
            new.disabled.as_ref().map(|(at, _)| *at),
            new.disabled.as_ref().map(|(_, reason)| reason),
            new.next.map(|next| next.due_at),
            new.next.map(|next| next.look_at)
        ],
    )?;
    batch.record(entry);
    Ok(true)
}

/// Writes what a request changed of a schedule. False when it is no longer as `after.version` says.
pub fn change(
    batch: &mut Batch<'_, '_>,
    after: &ScheduleRow,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const CHANGE: &str = "UPDATE schedules SET name = $3, body = $4, key_id = $5, owner = $6,
        updated_at = $7, version = version + 1, disabled_at = $8, disabled_reason = $9,
        due_at = $10, look_at = $11, queued_at = NULL, last_error = NULL, last_error_at = NULL
        WHERE id = $1 AND version = $2";
    let changed = batch.tx.exec(
        CHANGE,
        args![
            &after.id,
            after.version,
            &after.name,
            &after.body,
            after.key_id.as_ref(),
            &after.owner,
            after.updated_at,
            after.disabled.as_ref().map(|(at, _)| *at),
            after.disabled.as_ref().map(|(_, reason)| reason),
            after.next.map(|next| next.due_at),
            after.next.map(|next| next.look_at)
        ],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    batch.record(entry);
    Ok(true)
}

/// Deletes a schedule; what it started stays. False when there is none.
pub fn delete(batch: &mut Batch<'_, '_>, id: &str, entry: &AuditEntry) -> Result<bool, Error> {
    const DELETE: &str = "DELETE FROM schedules WHERE id = $1";
    if batch.tx.exec(DELETE, args![id])? == 0 {
        return Ok(false);
    }
    batch.record(entry);
    Ok(true)
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

fn read_row(row: &Row<'_>) -> Result<ScheduleRow, Error> {
    let due = row.opt_int(10)?.zip(row.opt_int(11)?);
    let queued_at = row.opt_int(12)?;
    Ok(ScheduleRow {
        id: row.text(0)?,
        name: row.text(1)?,
        body: row.bytes(2)?,
        key_id: row.opt_text(3)?,
        owner: row.text(4)?,
        created_at: row.int(5)?,
        updated_at: row.int(6)?,
        version: row.int(7)?,
        disabled: row.opt_int(8)?.zip(row.opt_text(9)?),
        next: due.map(|(due_at, look_at)| NextTime {
            due_at,
            look_at,
            queued_at,
        }),
        last_run: row.opt_run_id(13)?.zip(row.opt_int(14)?),
        last_skipped_at: row.opt_int(15)?,
        last_error: row.opt_text(16)?.zip(row.opt_int(17)?),
    })
}
