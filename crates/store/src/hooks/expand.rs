//! Deliveries come into being: the rows and the hook's new place are one transaction, so a crash
//! neither loses an event nor makes two deliveries of it.

use std::collections::HashSet;

use engine::RunId;
use serde_json::json;

use super::plan::{Plan, RunStep, Step};
use crate::{
    Batch, Error,
    driver::{Tx, Value, args},
    events::EventRow,
};

/// What is sent of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// Its name for the receiver.
    pub event: String,
    /// The whole body.
    pub body: String,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// Deliveries that were made.
    pub deliveries: usize,
    /// Events that retention removed before a hook had seen them.
    pub missed: i64,
}

/// An event, and what is sent of it.
type Sent<'row> = (&'row EventRow, &'row Composed);

/// What a new delivery takes from its hook.
struct HookState {
    next_number: i64,
    paused_until: i64,
    owner: String,
}

/// Writes what a [`Plan`] found. A hook that another server has moved or changed meanwhile is left
/// as it is: the next plan finds it again.
pub fn expand(
    batch: &mut Batch<'_, '_>,
    plan: &Plan,
    compose: fn(&EventRow) -> Composed,
    now: i64,
) -> Result<Expanded, Error> {
    let mut expanded = Expanded::default();
    for step in &plan.hooks {
        let Some(hook_state) = move_on(batch.tx, step)? else {
            continue;
        };
        if step.missed > 0 {
            let data = json!({"hook_id": step.id, "missed": step.missed});
            batch.tell("hook", "hook.overtaken", &data, now);
            expanded.missed += step.missed;
        }
        let composed: Vec<Composed> = step.events.iter().map(compose).collect();
        let events: Vec<Sent<'_>> = step.events.iter().zip(&composed).collect();
        insert(batch.tx, &step.id, &hook_state, &events, now)?;
        expanded.deliveries += events.len();
    }
    if let Some(step) = &plan.of_runs
        && let Some(made) = expand_of_runs(batch.tx, step, now)?
    {
        expanded.deliveries += made;
        expanded.missed += step.missed;
    }
    Ok(expanded)
}

fn move_on(tx: &mut Tx<'_>, step: &Step) -> Result<Option<HookState>, Error> {
    const MOVE: &str = "UPDATE hooks SET seen_seq = $3, next_number = next_number + $4
        WHERE id = $1 AND seen_seq = $2 AND disabled_at IS NULL
        RETURNING next_number, paused_until, owner";
    let count = count(step.events.len());
    take_numbers(tx, MOVE, args![&step.id, step.from, step.to, count], count)
}

/// Answers how many deliveries it made; nothing when another server was faster.
fn expand_of_runs(tx: &mut Tx<'_>, step: &RunStep, now: i64) -> Result<Option<usize>, Error> {
    const MOVE: &str = "UPDATE run_hook_cursor SET seq = $2 WHERE id = 1 AND seq = $1";
    const TAKE: &str = "UPDATE hooks SET next_number = next_number + $2
        WHERE id = $1 AND disabled_at IS NULL RETURNING next_number, paused_until, owner";
    if tx.exec(MOVE, args![step.from, step.to])? == 0 {
        return Ok(None);
    }
    let mut made = 0;
    for (run, events) in &step.events {
        let events: Vec<Sent<'_>> = events.iter().map(|(event, sent)| (event, sent)).collect();
        let (id, count) = (run.to_string(), count(events.len()));
        if let Some(hook_state) = take_numbers(tx, TAKE, args![&id, count], count)? {
            insert(tx, &id, &hook_state, &events, now)?;
            made += events.len();
        }
    }
    Ok(Some(made))
}

/// Takes `count` numbers. The hook's row stays locked until the commit: no delivery of it ends
/// between the look at those that are open and the new rows.
fn take_numbers(
    tx: &mut Tx<'_>,
    sql: &'static str,
    args: &[Value<'_>],
    count: i64,
) -> Result<Option<HookState>, Error> {
    tx.first(sql, args, |row| {
        Ok(HookState {
            next_number: row.int(0)? - count,
            paused_until: row.int(1)?,
            owner: row.text(2)?,
        })
    })
}

fn insert(
    tx: &mut Tx<'_>,
    hook: &str,
    hook_state: &HookState,
    events: &[Sent<'_>],
    now: i64,
) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO deliveries (hook_id, number, owner, run_id, seq, event, body,
        status, created_at, opened_at, due_at, attempts, failure_count)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $8, $9, 0, 0)";
    let mut busy = open_runs(tx, hook, events)?;
    let due_at = now.max(hook_state.paused_until);
    let rows: Vec<[Value<'_>; 9]> = (hook_state.next_number..)
        .zip(events)
        .map(|(number, (event, composed))| {
            // The first of each run goes at once, the others after it.
            let first = event.run_id.is_none_or(|run| busy.insert(run));
            [
                hook.into(),
                number.into(),
                (&hook_state.owner).into(),
                event.run_id.as_ref().into(),
                event.seq.into(),
                (&composed.event).into(),
                (&composed.body).into(),
                now.into(),
                first.then_some(due_at).into(),
            ]
        })
        .collect();
    tx.exec_many(INSERT, &rows).map(drop)
}

/// Which runs of these events have a delivery to the hook that is not ended.
fn open_runs(tx: &mut Tx<'_>, hook: &str, events: &[Sent<'_>]) -> Result<HashSet<RunId>, Error> {
    const OPEN: &str = "SELECT 1 FROM deliveries
        WHERE hook_id = $1 AND run_id = $2 AND ended_at IS NULL LIMIT 1";
    let mut runs: Vec<RunId> = events
        .iter()
        .filter_map(|(event, _)| event.run_id)
        .collect();
    runs.sort_unstable();
    runs.dedup();
    let rows: Vec<[Value<'_>; 2]> = runs.iter().map(|run| [hook.into(), run.into()]).collect();
    // The type of a bare number differs between the databases: that there is a row is enough.
    let open = tx.first_many(OPEN, &rows, |_| Ok(()))?;
    let open = runs.iter().zip(open).filter(|(_, open)| open.is_some());
    Ok(open.map(|(run, _)| *run).collect())
}

fn count(events: usize) -> i64 {
    i64::try_from(events).unwrap_or(i64::MAX)
}
