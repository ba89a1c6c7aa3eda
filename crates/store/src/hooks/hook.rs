//! The row of a hook, and what its owner does to it.

use engine::RunId;

use super::finish::{disable, lift_pause};
use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    driver::{Row, args},
    events::extent,
};

/// The columns that [`read_row`] takes, in its order.
macro_rules! columns {
    () => {
        "id, run_id, url, events, description, secret, created_at, failures, failing_since, \
         disabled_at, disabled_reason, paused_until"
    };
}

/// A hook as it is now. Its headers, which may hold secrets, do not leave the store but to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// A UUID; of a run's own hook the run's id.
    pub id: String,
    /// The run, of a hook that is a run's own.
    pub run_id: Option<RunId>,
    /// Where it is sent to.
    pub url: String,
    /// Which types, see [`crate::events::names`].
    pub events: Vec<String>,
    /// What its owner says of it.
    pub description: String,
    /// What deliveries are signed with, sealed.
    pub secret: Option<String>,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Attempts that failed since the last that succeeded.
    pub failures: i64,
    /// When the first of them failed, epoch milliseconds.
    pub failing_since: Option<i64>,
    /// Since when and why nothing is sent.
    pub disabled: Option<(i64, String)>,
    /// Until when its receiver wants to be left alone, epoch milliseconds; it may be over.
    pub paused_until: i64,
}

/// A hook to be made.
#[derive(Clone, Debug)]
pub struct NewHook {
    /// A UUID.
    pub id: String,
    /// Where it is sent to.
    pub url: String,
    /// Which types.
    pub events: Vec<String>,
    /// What its owner says of it.
    pub description: String,
    /// What deliveries are signed with, sealed.
    pub secret: String,
}

/// What is to be changed of a hook.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Where it is sent to.
    pub url: Option<String>,
    /// Which types.
    pub events: Option<Vec<String>>,
    /// What its owner says of it.
    pub description: Option<String>,
    /// What deliveries are signed with, sealed.
    pub secret: Option<String>,
    /// Whether anything is sent. Enabled again, it begins with the next event; one that is enabled is left alone
    /// no longer.
    pub enabled: Option<bool>,
}

/// What became of a wish to change a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The hook as it is now, also when nothing was changed.
    Now(Box<Hook>),
    /// There is none.
    NoHook,
    /// The hook is a run's own, and such a hook is sent where its submit said.
    OfRun,
}

/// Makes a hook unless there are `most` already; false then. It begins with the next event.
pub fn create(
    batch: &mut Batch<'_, '_>,
    hook: &NewHook,
    most: i64,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    const LOCK: &str = "SELECT seq FROM run_hook_cursor WHERE id = 1 {lock}";
    const COUNT: &str = "SELECT COUNT(*) FROM hooks WHERE run_id IS NULL";
    const INSERT: &str = "INSERT INTO hooks (id, url, owner, headers, events, description,
        secret, created_at, seen_seq, next_number, paused_until, failures)
        VALUES ($1, $2, $3, '{}', $4, $5, $6, $7, $8, 1, 0, 0)";
    // Another transaction that makes a hook waits here for the end of this one, and then counts this hook
    // too. The row is that of another matter: any will do that is always there.
    batch.tx.first(LOCK, args![], |_| Ok(()))?;
    if batch
        .tx
        .first(COUNT, args![], |row| row.int(0))?
        .unwrap_or(0)
        >= most
    {
        return Ok(false);
    }
    let newest = extent(&mut batch.read())?.newest;
    let events = encode(&hook.events);
    batch.tx.exec(
        INSERT,
        args![
            &hook.id,
            &hook.url,
            &entry.actor.id,
            &events,
            &hook.description,
            &hook.secret,
            entry.at,
            newest
        ],
    )?;
    batch.record(entry);
    Ok(true)
}

/// Every hook but those of single runs, oldest first.
pub fn list(read: &mut Read<'_, '_>) -> Result<Vec<Hook>, Error> {
    const ALL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM hooks WHERE run_id IS NULL ORDER BY id"
    );
    read.tx.all(ALL, args![], read_row)
}

/// One hook, also one of a run.
pub fn find(read: &mut Read<'_, '_>, id: &str) -> Result<Option<Hook>, Error> {
    const ONE: &str = concat!("SELECT ", columns!(), " FROM hooks WHERE id = $1");
    read.tx.first(ONE, args![id], read_row)
}

/// Changes a hook. What changes nothing is no act.
pub fn change(
    batch: &mut Batch<'_, '_>,
    id: &str,
    change: &Change,
    entry: &AuditEntry,
) -> Result<Changed, Error> {
    const LOCK: &str = concat!("SELECT ", columns!(), " FROM hooks WHERE id = $1 {lock}");
    const UPDATE: &str = "UPDATE hooks SET url = COALESCE($2, url), events = COALESCE($3, events),
        description = COALESCE($4, description), secret = COALESCE($5, secret) WHERE id = $1";
    const ENABLE: &str =
        "UPDATE hooks SET disabled_at = NULL, disabled_reason = NULL, failures = 0,
        failing_since = NULL, paused_until = 0, seen_seq = $2 WHERE id = $1";
    let Some(before) = batch.tx.first(LOCK, args![id], read_row)? else {
        return Ok(Changed::NoHook);
    };
    // Its headers may hold secrets, which are for the receiver that the submit named.
    if before.run_id.is_some() && change.url.is_some() {
        return Ok(Changed::OfRun);
    }
    let events = change.events.as_deref().map(encode);
    batch.tx.exec(
        UPDATE,
        args![
            id,
            change.url.as_ref(),
            events.as_ref(),
            change.description.as_ref(),
            change.secret.as_ref()
        ],
    )?;
    match change.enabled {
        Some(true) if before.disabled.is_some() => {
            let newest = extent(&mut batch.read())?.newest;
            batch.tx.exec(ENABLE, args![id, newest])?;
        }
        Some(true) if before.paused_until > entry.at => {
            lift_pause(batch.tx, id, before.paused_until, entry.at)?;
        }
        Some(false) if before.disabled.is_none() => {
            disable(batch, id, "it was asked for", entry.at)?;
        }
        _ => {}
    }
    let Some(after) = find(&mut batch.read(), id)? else {
        return Ok(Changed::NoHook);
    };
    if after != before {
        batch.record(entry);
    }
    Ok(Changed::Now(Box::new(after)))
}

/// Deletes a hook with the deliveries that are not ended; false when there is none. Ended ones go
/// when they are old.
pub fn delete(batch: &mut Batch<'_, '_>, id: &str, entry: &AuditEntry) -> Result<bool, Error> {
    const HOOK: &str = "DELETE FROM hooks WHERE id = $1";
    const OPEN: &str = "DELETE FROM deliveries WHERE hook_id = $1 AND ended_at IS NULL";
    let there = batch.tx.exec(HOOK, args![id])? > 0;
    batch.tx.exec(OPEN, args![id])?;
    if there {
        batch.record(entry);
    }
    Ok(there)
}

pub(super) fn encode(events: &[String]) -> String {
    serde_json::Value::from(events.to_vec()).to_string()
}

pub(super) fn decode(text: &str) -> Result<Vec<String>, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("a hook's events: {error}")))
}

fn read_row(row: &Row<'_>) -> Result<Hook, Error> {
    Ok(Hook {
        id: row.text(0)?,
        run_id: row.opt_run_id(1)?,
        url: row.text(2)?,
        events: decode(&row.text(3)?)?,
        description: row.text(4)?,
        secret: row.opt_text(5)?,
        created_at: row.int(6)?,
        failures: row.int(7)?,
        failing_since: row.opt_int(8)?,
        disabled: row.opt_int(9)?.zip(row.opt_text(10)?),
        paused_until: row.int(11)?,
    })
}
