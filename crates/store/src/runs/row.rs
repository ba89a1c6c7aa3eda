//! The row of a run.

use engine::{Lease, Outcome, Run, RunId, Signals, State, Status, Wait};

use crate::{
    Error,
    driver::{Row, Tx, Value, args},
};

/// The columns that [`read`] takes, in its order.
macro_rules! columns {
    () => {
        "runs.id, kind, name, queue, priority, sort_key, status, version, token, \
         last_finished_token, starts, failure_count, max_attempts, retry, timeout_ms, \
         signal_generation, parent, exclusive_key, executor, due_at, lease_until, created_at, \
         started_at, ended_at, last_progress_token, whole_timeout_ms, deadline, pause_signal, \
         skip_signal, cancel_signal, waiting_for, wait_until, on_timeout, cleans_up"
    };
}
pub(super) use columns;

/// How many columns [`read`] takes.
pub(super) const WIDTH: usize = 34;

/// Reads a run.
pub(super) fn read(row: &Row<'_>) -> Result<Run, Error> {
    let retry = row
        .opt_text(13)?
        .map(|text| serde_json::from_str(&text))
        .transpose();
    Ok(Run {
        id: row.run_id(0)?,
        kind: row.name(1)?,
        name: row.text(2)?,
        queue: row.text(3)?,
        priority: row.name(4)?,
        sort_key: row.int(5)?,
        state: state(row)?,
        version: row.int(7)?,
        token: row.int(8)?,
        last_finished_token: row.int(9)?,
        starts: row.int(10)?,
        failure_count: row.int(11)?,
        max_attempts: row.int(12)?,
        retry: retry.map_err(|error| Error::Corrupt(format!("a retry policy: {error}")))?,
        timeout_ms: row.opt_int(14)?,
        signals: Signals {
            generation: row.int(15)?,
            pause: row.int(27)?,
            skip: row.int(28)?,
            cancel: row.int(29)?,
        },
        parent: row.opt_run_id(16)?,
        exclusive_key: row.opt_text(17)?,
        cleans_up: row.int(33)? != 0,
        executor: row.opt_text(18)?,
        created_at: row.int(21)?,
        started_at: row.opt_int(22)?,
        last_progress_token: row.int(24)?,
        whole_timeout_ms: row.opt_int(25)?,
        deadline: row.opt_int(26)?,
    })
}

fn state(row: &Row<'_>) -> Result<State, Error> {
    let missing = |column| Error::Corrupt(format!("a run's state has no {column}"));
    let done = |outcome| {
        let at = row.opt_int(23)?.ok_or_else(|| missing("end"))?;
        Ok(State::Done { outcome, at })
    };
    match row.name(6)? {
        Status::Held => Ok(State::Held),
        Status::Scheduled => Ok(State::Scheduled {
            due_at: row.opt_int(19)?.ok_or_else(|| missing("time"))?,
        }),
        Status::Queued => Ok(State::Queued),
        Status::Running => Ok(State::Running(Lease {
            executor: row.opt_text(18)?.ok_or_else(|| missing("executor"))?,
            token: row.int(8)?,
            until: row.opt_int(20)?.ok_or_else(|| missing("lease"))?,
            started_at: row.opt_int(22)?.ok_or_else(|| missing("start"))?,
        })),
        Status::Waiting => Ok(State::Waiting(wait(row)?)),
        Status::Completed => done(Outcome::Completed),
        Status::Failed => done(Outcome::Failed),
        Status::Cancelled => done(Outcome::Cancelled),
    }
}

fn wait(row: &Row<'_>) -> Result<Wait, Error> {
    let timeout = match row.opt_int(31)? {
        Some(at) => Some((at, row.name(32)?)),
        None => None,
    };
    Ok(Wait {
        reason: row.name(30)?,
        timeout,
        due_at: row.opt_int(19)?,
    })
}

/// The columns that belong to a wait: for what, until when, and what happens then.
pub(super) fn wait_columns(state: &State) -> [Value<'_>; 3] {
    let State::Waiting(wait) = state else {
        return [Value::Null, Value::Null, Value::Null];
    };
    let (at, then) = wait.timeout.unzip();
    [
        wait.reason.as_str().into(),
        at.into(),
        then.map(engine::OnTimeout::as_str).into(),
    ]
}

/// The columns that belong to the state: due, leased until, ended.
pub(super) fn times(state: &State) -> (Option<i64>, Option<i64>, Option<i64>) {
    match state {
        State::Scheduled { due_at } => (Some(*due_at), None, None),
        State::Running(lease) => (None, Some(lease.until), None),
        State::Done { at, .. } => (None, None, Some(*at)),
        State::Waiting(wait) => (wait.due_at, None, None),
        State::Held | State::Queued => (None, None, None),
    }
}

/// Inserts new runs.
pub(super) fn insert(tx: &mut Tx<'_>, runs: &[&Run]) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO runs (id, kind, name, queue, priority, sort_key, status, version,
        token, last_finished_token, last_progress_token, starts, failure_count, max_attempts, retry,
        timeout_ms, signal_generation, pause_signal, skip_signal, cancel_signal, parent, exclusive_key,
        due_at, created_at, whole_timeout_ms, cleans_up)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, 0, $9, $10, $11, 0, 0, 0, 0, $12, $13, $14,
        $15, $16, $17)";
    let retries: Vec<Option<String>> = runs
        .iter()
        .map(|run| run.retry.map(|retry| encode(&retry)))
        .collect();
    let rows: Vec<[Value<'_>; 17]> = runs
        .iter()
        .zip(&retries)
        .map(|(run, retry)| {
            [
                (&run.id).into(),
                run.kind.as_str().into(),
                (&run.name).into(),
                (&run.queue).into(),
                run.priority.as_str().into(),
                run.sort_key.into(),
                run.state.status().as_str().into(),
                run.version.into(),
                run.max_attempts.into(),
                retry.as_ref().into(),
                run.timeout_ms.into(),
                run.parent.as_ref().into(),
                run.exclusive_key.as_ref().into(),
                times(&run.state).0.into(),
                run.created_at.into(),
                run.whole_timeout_ms.into(),
                i64::from(run.cleans_up).into(),
            ]
        })
        .collect();
    tx.exec_many(INSERT, &rows).map(drop)
}

/// Loads runs and keeps others from changing them until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, ids: &[RunId]) -> Result<Vec<Option<Run>>, Error> {
    const LOCK: &str = concat!("SELECT ", columns!(), " FROM runs WHERE id = $1 {lock}");
    // Every writer locks in the order of the ids, so none waits in a circle.
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|place| ids[*place]);
    let rows: Vec<[Value<'_>; 1]> = order.iter().map(|place| [(&ids[*place]).into()]).collect();
    let found = tx.first_many(LOCK, &rows, read)?;
    let mut runs: Vec<Option<Run>> = ids.iter().map(|_| None).collect();
    for (place, run) in order.into_iter().zip(found) {
        runs[place] = run;
    }
    Ok(runs)
}

pub(super) const FIND: &str = concat!("SELECT ", columns!(), " FROM runs WHERE id = $1");

/// One run by its id, without a lock.
pub(super) fn find(tx: &mut Tx<'_>, id: RunId) -> Result<Option<Run>, Error> {
    tx.first(FIND, args![&id], read)
}

/// The live run with this exclusive key, if there is one.
pub(super) fn of_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<RunId>, Error> {
    const LIVE: &str = "SELECT id FROM runs WHERE exclusive_key = $1 AND ended_at IS NULL";
    tx.first(LIVE, args![key], |row| row.run_id(0))
}

fn encode(retry: &engine::Backoff) -> String {
    // Numbers in a fixed struct always have a JSON form; NaN becomes null and is refused earlier.
    serde_json::to_string(retry).unwrap_or_default()
}
