//! The runs that steps of executions start: one for each try of a part, however often it is asked for.

use engine::{Command, Holder, RunId, Signal};

use crate::{
    Batch, Error, Read,
    driver::args,
    playgrounds,
    runs::{self, Submit},
};

/// Which try of which part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartTry {
    /// The run.
    pub run: RunId,
    /// The number of the part.
    pub part: i64,
    /// Which try of it.
    pub tries: i64,
}

/// The run that this try of a part started.
///
/// # Errors
/// The database's.
pub fn of_part(read: &mut Read<'_, '_>, of: PartTry) -> Result<Option<RunId>, Error> {
    const FIND: &str = "SELECT child FROM children WHERE run_id = $1 AND part = $2 AND tries = $3";
    let args = args![&of.run, of.part, of.tries];
    read.tx.first(FIND, args, |row| row.run_id(0))
}

/// What a part's request for a child came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildStart<T> {
    /// This try of it has this child already.
    Known(RunId),
    /// What was made now.
    Made(T),
}

/// Makes the child of a part, if this try of it has none. The holder of the run's lease asks. `make` answers the
/// child, if it makes one, and what else it came to. A child whose parent is the run is cancelled together with what
/// started it; another one goes on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], those of `make`, or the database's.
pub fn start<T>(
    batch: &mut Batch<'_, '_>,
    of: PartTry,
    holder: &Holder,
    make: impl FnOnce(&mut Batch<'_, '_>) -> Result<(Option<RunId>, T), Error>,
) -> Result<ChildStart<T>, Error> {
    const NOTE: &str = "INSERT INTO children (run_id, part, tries, child) VALUES ($1, $2, $3, $4)";
    runs::hold(batch, of.run, holder, "start a child")?;
    if let Some(known) = of_part(&mut batch.read(), of)? {
        return Ok(ChildStart::Known(known));
    }
    let (child, made) = make(batch)?;
    if let Some(child) = child {
        let args = args![&of.run, of.part, of.tries, &child];
        batch.tx.exec(NOTE, args)?;
    }
    Ok(ChildStart::Made(made))
}

/// The child that a part's last try before this one started.
///
/// # Errors
/// The database's.
pub fn of_earlier_try(read: &mut Read<'_, '_>, of: PartTry) -> Result<Option<RunId>, Error> {
    const FIND: &str = "SELECT child FROM children WHERE run_id = $1 AND part = $2 AND tries < $3
        ORDER BY tries DESC LIMIT 1";
    let args = args![&of.run, of.part, of.tries];
    read.tx.first(FIND, args, |row| row.run_id(0))
}

/// Submits the child of a part, if this try of it has none. The holder of the run's lease asks; the child's
/// parent is that run. Answers the child.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], [`Error::CalledOff`] when the run was cancelled, or the database's.
pub fn submit(
    batch: &mut Batch<'_, '_>,
    of: PartTry,
    holder: &Holder,
    submit: &Submit,
) -> Result<RunId, Error> {
    let started = start(batch, of, holder, |batch| {
        let submitted = runs::submit_all(batch, &[submit])?.pop();
        let none = || Error::Corrupt("a submit was not answered".to_owned());
        let ids = submitted.ok_or_else(none)??.ids;
        let child = *ids.first().ok_or_else(none)?;
        Ok((Some(child), child))
    })?;
    Ok(match started {
        ChildStart::Known(child) | ChildStart::Made(child) => child,
    })
}

/// Cancels every run that a run has started as its child. The run is locked.
///
/// # Errors
/// The database's.
pub fn cancel_all(batch: &mut Batch<'_, '_>, run: RunId, now: i64) -> Result<(), Error> {
    const ALL: &str = "SELECT children.child FROM children JOIN runs ON runs.id = children.child
        WHERE children.run_id = $1 AND runs.parent = $1";
    const UNWATCH: &str = "DELETE FROM playground_watches WHERE run_id = $1";
    batch.tx.exec(UNWATCH, args![&run])?;
    let children = batch.tx.all(ALL, args![&run], |row| row.run_id(0))?;
    cancel_each(batch, children, now)
}

/// Cancels what a part of a run started before this try and what has not ended. The run is locked.
///
/// # Errors
/// The database's.
pub fn cancel(
    batch: &mut Batch<'_, '_>,
    run: RunId,
    (part, before): (i64, i64),
    now: i64,
) -> Result<(), Error> {
    const OF_PART: &str =
        "SELECT children.child FROM children JOIN runs ON runs.id = children.child
        WHERE children.run_id = $1 AND children.part = $2 AND children.tries < $3
        AND runs.parent = $1";
    playgrounds::unwatch(batch, run, (part, before))?;
    let children = batch
        .tx
        .all(OF_PART, args![&run, part, before], |row| row.run_id(0))?;
    cancel_each(batch, children, now)
}

fn cancel_each(batch: &mut Batch<'_, '_>, children: Vec<RunId>, now: i64) -> Result<(), Error> {
    for child in children {
        match runs::apply(batch, child, &Command::signal(Signal::Cancel), now) {
            // One that has ended needs none, and one that retention removed had.
            Ok(_) | Err(Error::Rejected(_) | Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
