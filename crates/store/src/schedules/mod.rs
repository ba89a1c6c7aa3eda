//! Schedules: what starts executions by the clock. When the next time is and what is started then is decided
//! elsewhere; here each decision is written once, however many servers made it.

mod look;

use engine::RunId;

use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
};
pub use look::{Looked, disable, is_live, look, start};

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
