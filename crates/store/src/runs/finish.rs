//! Holders report the end of their attempts.

use std::collections::HashMap;

use engine::{
    AttemptEnd, AttemptOutcome, Change, Command, Holder, Rejected, Run, RunId, Status, step,
};

use super::{
    apply::apply_to_children,
    row,
    update::{self, Before, Update},
};
use crate::{
    Batch, Error,
    driver::{Tx, Value, args},
    executors::Seen,
};

/// A holder reports the end of its attempt.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The run.
    pub id: RunId,
    /// Who says that it holds it.
    pub holder: Holder,
    /// How the attempt ended.
    pub outcome: AttemptOutcome,
    /// What it left.
    pub report: Report,
    /// A random number from 0 to 1.
    pub jitter: f64,
    /// See [`engine::sort_key`].
    pub aging_step_ms: i64,
    /// Epoch milliseconds.
    pub now: i64,
}

/// What an attempt left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub exit_code: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Serves all waiting finishes.
pub(crate) fn finish_all(
    batch: &mut Batch<'_, '_>,
    finishes: &[&Finish],
) -> Result<Vec<Result<Run, Error>>, Error> {
    let ids: Vec<RunId> = finishes.iter().map(|finish| finish.id).collect();
    let locked = row::lock(batch.tx, &ids)?;
    // A run may be named twice in a batch: the second is decided on what the first left.
    let mut runs: HashMap<RunId, Run> = locked
        .into_iter()
        .flatten()
        .map(|run| (run.id, run))
        .collect();
    let mut answers = Vec::with_capacity(finishes.len());
    let mut updates: Vec<Update<'_>> = Vec::new();
    let mut reports: Vec<&Finish> = Vec::new();
    for finish in finishes {
        let (before, version, change) = match decide(&mut runs, finish) {
            Ok(decided) => decided,
            Err(refused) => {
                // Of an attempt whose report was accepted, before others followed it.
                let status = attempt_status(batch.tx, finish)?;
                let repeated = status.is_some_and(|status| AttemptEnd::was_reported(&status));
                answers.push(match runs.get(&finish.id) {
                    Some(run) if repeated => Ok(run.clone()),
                    _ => Err(refused),
                });
                continue;
            }
        };
        let repeated = change.run.version == version;
        if repeated && attempt_status(batch.tx, finish)?.is_none() {
            answers.push(Err(not_holder(&change.run)));
            continue;
        }
        answers.push(Ok(change.run.clone()));
        let mut seen = Seen {
            at: finish.now,
            ..Seen::default()
        };
        if !repeated {
            seen.completed = i64::from(change.run.state.status() == Status::Completed);
            updates.push(Update {
                before,
                change,
                ip: "",
            });
            reports.push(finish);
        }
        batch.seen(&finish.holder.executor, seen);
    }
    let now = finishes.first().map_or(0, |finish| finish.now);
    update::write(batch, &updates, now)?;
    write_reports(batch.tx, &reports)?;
    for Update { change, .. } in &updates {
        if let Some(command) = &change.for_children {
            apply_to_children(batch, change.run.id, command, now)?;
        }
    }
    Ok(answers)
}

/// How the reporter's attempt with this token stands, if it had one.
fn attempt_status(tx: &mut Tx<'_>, finish: &Finish) -> Result<Option<String>, Error> {
    const FIND: &str =
        "SELECT status FROM attempts WHERE run_id = $1 AND token = $2 AND executor = $3";
    let Holder { executor, token } = &finish.holder;
    tx.first(FIND, args![&finish.id, *token, executor], |row| row.text(0))
}

fn not_holder(run: &Run) -> Error {
    Error::Rejected(Rejected {
        run: run.id,
        status: run.state.status(),
        command: "finish",
        not_holder: true,
    })
}

/// The run and its version before, and the change. An unchanged version is a repetition of what is
/// on disk.
fn decide(runs: &mut HashMap<RunId, Run>, finish: &Finish) -> Result<(Before, i64, Change), Error> {
    let run = runs.get_mut(&finish.id).ok_or(Error::NotFound(finish.id))?;
    let command = Command::Finish {
        holder: finish.holder.clone(),
        outcome: finish.outcome,
        error: finish.report.error.clone(),
        jitter: finish.jitter,
        aging_step_ms: finish.aging_step_ms,
    };
    let change = step(run, &command, finish.now)?;
    let (before, version) = (Before::from(&*run), run.version);
    run.clone_from(&change.run);
    Ok((before, version, change))
}

fn write_reports(tx: &mut Tx<'_>, reports: &[&Finish]) -> Result<(), Error> {
    const REPORT: &str = "INSERT INTO results (run_id, stdout, stderr, exit_code, error)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (run_id) DO UPDATE SET stdout = excluded.stdout, stderr = excluded.stderr,
        exit_code = excluded.exit_code, error = excluded.error";
    let rows: Vec<[Value<'_>; 5]> = reports
        .iter()
        .map(|finish| {
            let report = &finish.report;
            [
                (&finish.id).into(),
                report.stdout.as_bytes().into(),
                report.stderr.as_bytes().into(),
                report.exit_code.into(),
                report.error.as_ref().map(|error| error.as_bytes()).into(),
            ]
        })
        .collect();
    tx.exec_many(REPORT, &rows).map(drop)
}

/// Notes why an attempt ended that its executor did not report.
pub(super) fn write_error(tx: &mut Tx<'_>, id: RunId, error: &str) -> Result<(), Error> {
    const ERROR: &str = "INSERT INTO results (run_id, stdout, stderr, exit_code, error)
        VALUES ($1, $2, $2, NULL, $3)
        ON CONFLICT (run_id) DO UPDATE SET exit_code = NULL, error = excluded.error";
    let empty: &[u8] = &[];
    tx.exec(ERROR, args![&id, empty, error.as_bytes()])
        .map(drop)
}
