//! Reading runs.

use engine::{AttemptEnd, Holder, Kind, Priority, Run, RunId, State, Status};

use super::row;
use crate::{
    Error, Read,
    driver::{Row, Tx, Value, args},
};

/// One start of a run.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// From 1.
    pub number: i64,
    /// Who.
    pub executor: String,
    /// Where, as it says.
    pub executor_ip: String,
    /// `running`, or how it ended.
    pub status: String,
    /// Epoch milliseconds.
    pub started_at: i64,
    /// Epoch milliseconds.
    pub ended_at: Option<i64>,
    /// Why it did not complete.
    pub error: Option<String>,
}

impl AttemptRow {
    /// Whether its time was over.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        [AttemptEnd::TimedOut, AttemptEnd::Overtime]
            .iter()
            .any(|end| end.as_str() == self.status)
    }
}

/// What the last ended attempt left.
#[derive(Clone, Debug, Default)]
pub struct ResultRow {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Exit code.
    pub exit_code: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// What a run works on, as its contract wrote it.
pub type Input = Vec<u8>;

/// A run with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Details {
    /// The run.
    pub run: Run,
    /// What it works on.
    pub input: Input,
    /// Its starts, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// What the last ended attempt left.
    pub result: ResultRow,
}

impl Details {
    /// What its newest attempt reported; nothing while it runs, or when its end was not reported.
    #[must_use]
    pub fn reported(self) -> ResultRow {
        if self.run.last_finished_token == self.run.token {
            self.result
        } else {
            ResultRow::default()
        }
    }

    /// What its newest attempt reported, and why the last one that ended did not complete, also when
    /// that was not reported. Nothing while it runs.
    #[must_use]
    pub fn reported_or_lost(mut self) -> ResultRow {
        if self.run.state.status() == Status::Running {
            return ResultRow::default();
        }
        let error = self.result.error.take();
        ResultRow {
            error,
            ..self.reported()
        }
    }
}

/// A run with everything that belongs to it.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub fn details(read: &mut Read<'_, '_>, id: RunId) -> Result<Details, Error> {
    let input = input_of(read.tx, id)?.unwrap_or_default();
    Ok(Details {
        input,
        ..outline(read, id)?
    })
}

/// A run with everything that belongs to it but its input, which may be long.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub fn outline(read: &mut Read<'_, '_>, id: RunId) -> Result<Details, Error> {
    const ATTEMPTS: &str = "SELECT number, executor, executor_ip, status, started_at, ended_at,
        error FROM attempts WHERE run_id = $1 ORDER BY number";
    const RESULT: &str = "SELECT stdout, stderr, exit_code, error FROM results WHERE run_id = $1";
    let run = row::find(read.tx, id)?.ok_or(Error::NotFound(id))?;
    let result = read.tx.first(RESULT, args![&id], result_row)?;
    Ok(Details {
        run,
        input: Input::default(),
        attempts: read.tx.all(ATTEMPTS, args![&id], attempt_row)?,
        result: result.unwrap_or_default(),
    })
}

/// A run alone.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub fn run(read: &mut Read<'_, '_>, id: RunId) -> Result<Run, Error> {
    row::find(read.tx, id)?.ok_or(Error::NotFound(id))
}

/// Why the last attempt of a run that ended did not complete; nothing while the run runs.
///
/// # Errors
/// The database's.
pub fn last_error(read: &mut Read<'_, '_>, run: &Run) -> Result<Option<String>, Error> {
    const LAST: &str = "SELECT error FROM results WHERE run_id = $1";
    if run.state.status() == Status::Running {
        return Ok(None);
    }
    let error = read
        .tx
        .first(LAST, args![&run.id], |row| row.opt_bytes(0))?;
    Ok(error.flatten().map(lossy))
}

/// The kind of a run.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub fn kind(read: &mut Read<'_, '_>, id: RunId) -> Result<Kind, Error> {
    const KIND: &str = "SELECT kind FROM runs WHERE id = $1";
    let kind = read.tx.first(KIND, args![&id], |row| row.name(0))?;
    kind.ok_or(Error::NotFound(id))
}

/// What a run works on.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub fn input(read: &mut Read<'_, '_>, id: RunId) -> Result<Input, Error> {
    input_of(read.tx, id)?.ok_or(Error::NotFound(id))
}

pub(super) fn input_of(tx: &mut Tx<'_>, id: RunId) -> Result<Option<Input>, Error> {
    const INPUT: &str = "SELECT body FROM inputs WHERE run_id = $1";
    tx.first(INPUT, args![&id], |row| row.bytes(0))
}

/// How many runs there are, by kind, status and priority.
pub fn counts(read: &mut Read<'_, '_>) -> Result<Vec<(Kind, Status, Priority, i64)>, Error> {
    const COUNTS: &str = "SELECT kind, status, priority, n FROM counters";
    read.tx.all(COUNTS, args![], |row| {
        Ok((row.name(0)?, row.name(1)?, row.name(2)?, row.int(3)?))
    })
}

/// Where each of these runs stands: `None` for one that does not exist.
pub fn statuses(read: &mut Read<'_, '_>, ids: &[RunId]) -> Result<Vec<Option<Status>>, Error> {
    const STATUS: &str = "SELECT status FROM runs WHERE id = $1";
    let rows: Vec<[Value<'_>; 1]> = ids.iter().map(|id| [id.into()]).collect();
    read.tx.first_many(STATUS, &rows, |row| row.name(0))
}

/// Makes sure that `holder` holds the run's lease, and answers the run; `command` is what it wants to do.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn owned(
    read: &mut Read<'_, '_>,
    id: RunId,
    holder: &Holder,
    command: &'static str,
) -> Result<Run, Error> {
    let run = row::find(read.tx, id)?.ok_or(Error::NotFound(id))?;
    engine::owned(&run, holder, command)?;
    Ok(run)
}

/// A run whose lease the holder owns, or owned until the run was parked.
///
/// # Errors
/// [`Error::NotFound`] for any other run; the store's own.
pub fn last_owned(read: &mut Read<'_, '_>, id: RunId, holder: &Holder) -> Result<Run, Error> {
    let run = row::find(read.tx, id)?.ok_or(Error::NotFound(id))?;
    let is_newest = run.executor.as_ref() == Some(&holder.executor)
        && holder.token.is_none_or(|token| token == run.token);
    // A lease that was lost or released leaves a run that is queued.
    let is_here = matches!(
        run.state,
        State::Running(_) | State::Held | State::Waiting(_)
    );
    if is_newest && is_here {
        Ok(run)
    } else {
        Err(Error::NotFound(id))
    }
}

fn attempt_row(row: &Row<'_>) -> Result<AttemptRow, Error> {
    Ok(AttemptRow {
        number: row.int(0)?,
        executor: row.text(1)?,
        executor_ip: row.text(2)?,
        status: row.text(3)?,
        started_at: row.int(4)?,
        ended_at: row.opt_int(5)?,
        error: row.opt_bytes(6)?.map(lossy),
    })
}

fn result_row(row: &Row<'_>) -> Result<ResultRow, Error> {
    Ok(ResultRow {
        stdout: row.bytes(0)?,
        stderr: row.bytes(1)?,
        exit_code: row.opt_int(2)?,
        error: row.opt_bytes(3)?.map(lossy),
    })
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A run's status and number of starts, which stay until the transaction ends, and whether its newest
/// attempt is `holder`'s.
pub(crate) fn attempt_of(
    tx: &mut Tx<'_>,
    id: RunId,
    holder: &Holder,
) -> Result<Option<(Status, i64, bool)>, Error> {
    const FIND: &str = "SELECT status, starts, token, executor FROM runs WHERE id = $1 {lock}";
    tx.first(FIND, args![&id], |row| {
        let (token, executor) = (row.int(2)?, row.opt_text(3)?);
        let holds = executor.as_ref() == Some(&holder.executor)
            && holder.token.is_none_or(|given| given == token);
        Ok((row.name(0)?, row.int(1)?, holds))
    })
}
