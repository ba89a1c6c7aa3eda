//! Changes of existing runs, as they are written.

use engine::{Attempt, Change, Run, Signals, Status};

use super::{
    parts,
    row::{times, wait_columns},
};
use crate::{
    Batch, Error,
    driver::{Tx, Value},
};

/// What a run was before a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub(crate) status: Status,
    pub(crate) signals: Signals,
}

impl From<&Run> for Before {
    fn from(run: &Run) -> Self {
        Self {
            status: run.state.status(),
            signals: run.signals,
        }
    }
}

/// A change of an existing run that is to be written.
pub(super) struct Update<'a> {
    pub(super) before: Before,
    pub(super) change: Change,
    /// The address of the caller who opened an attempt.
    pub(super) ip: &'a str,
}

impl Update<'_> {
    /// Its lease stays, so what changes is in no index.
    fn keeps_running(&self) -> bool {
        self.before.status == Status::Running && self.change.run.state.status() == Status::Running
    }

    /// It begins or ceases to wait.
    fn waits(&self) -> bool {
        self.before.status == Status::Waiting || self.change.run.state.status() == Status::Waiting
    }
}

/// Writes changes of existing runs that differ from what they were: the rows, their attempts, the ends
/// of their parts, and what the batch tells at its end.
pub(super) fn write(
    batch: &mut Batch<'_, '_>,
    updates: &[Update<'_>],
    now: i64,
) -> Result<(), Error> {
    let (running, moved): (Vec<_>, Vec<_>) =
        updates.iter().partition(|update| update.keeps_running());
    let (waiting, moved): (Vec<_>, Vec<_>) = moved.into_iter().partition(|update| update.waits());
    let written = update_running(batch.tx, &running)?
        + update_moved(batch.tx, &moved)?
        + update_waiting(batch.tx, &waiting)?;
    if written != updates.len() as u64 {
        return Err(Error::Conflict(
            "another transaction changed a run".to_owned(),
        ));
    }
    write_attempts(batch.tx, updates, now)?;
    parts::end_open(batch.tx, updates, now)?;
    for update in updates {
        batch.note(Some(update.before), &update.change, now);
    }
    Ok(())
}

/// Only columns without an index: SQLite would rewrite the entries of every index that a statement names.
fn update_running(tx: &mut Tx<'_>, updates: &[&Update<'_>]) -> Result<u64, Error> {
    const UPDATE: &str = "UPDATE runs SET version = $3, lease_until = $4, last_progress_token = $5,
        signal_generation = $6, pause_signal = $7, skip_signal = $8, cancel_signal = $9
        WHERE id = $1 AND version = $2";
    let rows: Vec<[Value<'_>; 9]> = updates
        .iter()
        .map(|update| {
            let run = &update.change.run;
            [
                (&run.id).into(),
                (run.version - 1).into(),
                run.version.into(),
                times(&run.state).1.into(),
                run.last_progress_token.into(),
                run.signals.generation.into(),
                run.signals.pause.into(),
                run.signals.skip.into(),
                run.signals.cancel.into(),
            ]
        })
        .collect();
    tx.exec_many(UPDATE, &rows)
}

/// What changes with a run's state, for `moved`.
macro_rules! moved_columns {
    () => {
        "UPDATE runs SET status = $3, version = $4, sort_key = $5, token = $6,
        last_finished_token = $7, starts = $8, failure_count = $9, signal_generation = $10,
        executor = $11, due_at = $12, lease_until = $13, started_at = $14, ended_at = $15,
        deadline = $16, pause_signal = $17, skip_signal = $18, cancel_signal = $19"
    };
}

fn moved(run: &Run) -> [Value<'_>; 19] {
    let (due_at, lease_until, ended_at) = times(&run.state);
    [
        (&run.id).into(),
        (run.version - 1).into(),
        run.state.status().as_str().into(),
        run.version.into(),
        run.sort_key.into(),
        run.token.into(),
        run.last_finished_token.into(),
        run.starts.into(),
        run.failure_count.into(),
        run.signals.generation.into(),
        run.executor.as_ref().into(),
        due_at.into(),
        lease_until.into(),
        run.started_at.into(),
        ended_at.into(),
        run.deadline.into(),
        run.signals.pause.into(),
        run.signals.skip.into(),
        run.signals.cancel.into(),
    ]
}

/// Without the columns of waiting: SQLite would look at their index for each run that is claimed or ends.
fn update_moved(tx: &mut Tx<'_>, updates: &[&Update<'_>]) -> Result<u64, Error> {
    const UPDATE: &str = concat!(moved_columns!(), " WHERE id = $1 AND version = $2");
    let rows: Vec<_> = updates
        .iter()
        .map(|update| moved(&update.change.run))
        .collect();
    tx.exec_many(UPDATE, &rows)
}

/// Runs that begin or cease to wait.
fn update_waiting(tx: &mut Tx<'_>, updates: &[&Update<'_>]) -> Result<u64, Error> {
    const UPDATE: &str = concat!(
        moved_columns!(),
        ", waiting_for = $20, wait_until = $21, on_timeout = $22 WHERE id = $1 AND version = $2"
    );
    let runs = updates.iter().map(|update| &update.change.run);
    let rows: Vec<_> = runs
        .map(|run| [moved(run).as_slice(), &wait_columns(&run.state)].concat())
        .collect();
    tx.exec_many(UPDATE, &rows)
}

fn write_attempts(tx: &mut Tx<'_>, updates: &[Update<'_>], now: i64) -> Result<(), Error> {
    const OPEN: &str = "INSERT INTO attempts
        (run_id, number, executor, executor_ip, token, status, started_at)
        VALUES ($1, $2, $3, $4, $5, 'running', $6)";
    const CLOSE: &str = "UPDATE attempts SET status = $3, ended_at = $4, error = $5
        WHERE run_id = $1 AND number = $2";
    let mut opened: Vec<[Value<'_>; 6]> = Vec::new();
    let mut closed: Vec<[Value<'_>; 5]> = Vec::new();
    for Update { change, ip, .. } in updates {
        let run = &change.run;
        match change.attempt {
            Some(Attempt::Opened) => opened.push([
                (&run.id).into(),
                run.starts.into(),
                run.executor.as_ref().into(),
                (*ip).into(),
                run.token.into(),
                run.started_at.into(),
            ]),
            Some(Attempt::Closed(end)) => closed.push([
                (&run.id).into(),
                run.starts.into(),
                end.as_str().into(),
                now.into(),
                change.error.as_ref().map(|error| error.as_bytes()).into(),
            ]),
            None => {}
        }
    }
    tx.exec_many(OPEN, &opened)?;
    tx.exec_many(CLOSE, &closed)?;
    Ok(())
}
