//! Operations end: what that means for their playgrounds, in the commit that ends them.

use engine::{RunId, Status};
use serde_json::json;

use super::watch;
use crate::{Batch, Error, driver::args};

/// Notes how the operations that ended in this transaction ended. A playground that was destroyed is gone.
pub(crate) fn settle(batch: &mut Batch<'_, '_>) -> Result<(), Error> {
    let (ended, now) = batch.take_operations();
    for run in ended {
        settle_one(batch, run, now)?;
    }
    Ok(())
}

/// A playground whose last operation ended.
struct Settled {
    id: i64,
    name: String,
    action: String,
    status: Status,
    error: Option<String>,
    removed: bool,
    dirty: Option<String>,
}

fn settle_one(batch: &mut Batch<'_, '_>, run: RunId, now: i64) -> Result<(), Error> {
    const FAILED: &str = "SELECT name FROM parts WHERE run_id = $1 AND
        (stage = 'failed' OR stage = 'interrupted' OR stage = 'cancelled')
        ORDER BY number DESC LIMIT 1";
    const NOTE: &str = "UPDATE playgrounds SET last_status = $2, last_error = $3, last_step = $4,
        last_at = $5, dirty = $6, version = version + 1, updated_at = $5 WHERE id = $1";
    let Some(settled) = find(batch, run)? else {
        return Ok(());
    };
    watch::tell(batch, settled.id, now)?;
    let completed = settled.status == Status::Completed;
    if settled.removed && completed {
        remove(batch, settled.id)?;
    } else {
        let step = match completed {
            true => None,
            false => batch.tx.first(FAILED, args![&run], |row| row.text(0))?,
        };
        let error = settled.error.as_deref().filter(|_| !completed);
        let dirty = settled.dirty.as_deref().filter(|_| is_kept(&settled));
        let args = args![
            settled.id,
            settled.status.as_str(),
            error,
            step.as_deref(),
            now,
            dirty
        ];
        batch.tx.exec(NOTE, args)?;
    }
    let data = json!({
        "id": settled.id,
        "name": settled.name,
        "action": settled.action,
        "run_id": run.to_string(),
        "status": settled.status.as_str(),
        "error": settled.error.as_deref().filter(|_| !completed),
    });
    let event = format!("playground.{}", word(&settled));
    batch.tell("playground", &event, &data, now);
    Ok(())
}

/// Whether it was to be destroyed, and was kept because of what is in its checkouts.
fn is_kept(settled: &Settled) -> bool {
    settled.action == "destroy" && settled.status == Status::Completed && !settled.removed
}

/// What its end is called.
fn word(settled: &Settled) -> &'static str {
    let completed = settled.status == Status::Completed;
    match (settled.action.as_str(), completed) {
        ("create", true) => "creation.completed",
        ("create", false) => "creation.failed",
        ("rollout" | "hard_restart" | "rollback", true) => "recreated",
        ("complete", true) => "completed",
        ("stop", true) => "stopped",
        ("start", true) => "started",
        ("destroy", true) if settled.removed => "destroyed",
        ("destroy", true) => "expiration.skipped_dirty",
        _ => "error",
    }
}

/// The playground whose last operation this run is.
fn find(batch: &mut Batch<'_, '_>, run: RunId) -> Result<Option<Settled>, Error> {
    const LOCK: &str = "SELECT id FROM playgrounds WHERE last_run = $1 {lock}";
    const FIND: &str = "SELECT p.id, p.name, p.last_action, runs.status, results.error,
        playground_outcomes.removed_at, playground_outcomes.dirty FROM playgrounds AS p
        JOIN runs ON runs.id = p.last_run
        LEFT JOIN results ON results.run_id = p.last_run
        LEFT JOIN playground_outcomes ON playground_outcomes.playground_id = p.id
            AND playground_outcomes.operation = p.last_run
        WHERE p.last_run = $1";
    if batch
        .tx
        .first(LOCK, args![&run], |row| row.int(0))?
        .is_none()
    {
        return Ok(None);
    }
    batch.tx.first(FIND, args![&run], |row| {
        let error = row.opt_bytes(4)?;
        // What programs print may hold NUL, which a text may not.
        let error = error.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', ""));
        Ok(Settled {
            id: row.int(0)?,
            name: row.text(1)?,
            action: row.text(2)?,
            status: row.name(3)?,
            error,
            removed: row.opt_int(5)?.is_some(),
            dirty: row.opt_text(6)?,
        })
    })
}

/// Removes a playground with all that belongs to it. Its runs, events and the audit stay.
fn remove(batch: &mut Batch<'_, '_>, id: i64) -> Result<(), Error> {
    for statement in [
        "DELETE FROM playground_logs WHERE playground_id = $1",
        "DELETE FROM playground_secrets WHERE playground_id = $1",
        "DELETE FROM playground_revisions WHERE playground_id = $1",
        "DELETE FROM playground_outcomes WHERE playground_id = $1",
        "DELETE FROM playgrounds WHERE id = $1",
    ] {
        batch.tx.exec(statement, args![id])?;
    }
    Ok(())
}
