//! What operations left: outcomes, revisions, the last lines of services.

use engine::{Holder, RunId};

use crate::{
    Batch, Error, Read,
    driver::{Row, args},
    runs,
};

/// Outcomes, and revisions, of one playground that are kept.
const KEPT: i64 = 50;

/// What an operation left, as its executor reports it.
#[derive(Clone, Debug, Default)]
pub struct NewOutcome {
    /// The operation's playground.
    pub playground_id: i64,
    /// Whether everything of the playground is gone.
    pub removed: bool,
    /// A JSON list of services whose checkouts kept it from being destroyed.
    pub dirty: Option<String>,
    /// What every reader may see.
    pub body: Vec<u8>,
    /// What only some may see, sealed.
    pub sealed: Vec<u8>,
    /// The state that was applied, if one was.
    pub revision: Option<LeftRevision>,
    /// A JSON list of services as they are now, if they were looked at.
    pub observed: Option<Vec<u8>>,
    /// What a playground in job mode came to, as JSON, if that is known now.
    pub job: Option<Vec<u8>>,
    /// JSON lists of last lines, by service.
    pub logs: Vec<(String, Vec<u8>)>,
    /// Epoch milliseconds.
    pub now: i64,
}

/// A state that an operation applied.
#[derive(Clone, Debug, Default)]
pub struct LeftRevision {
    /// What the operation did.
    pub action: String,
    /// Which version of what is wanted it has, and which of the playspec.
    pub versions: (i64, i64),
    /// What every reader may see.
    pub body: Vec<u8>,
    /// What only some may see, sealed.
    pub sealed: Vec<u8>,
}

/// What an operation left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeRow {
    /// The operation.
    pub run: RunId,
    /// What every reader may see.
    pub body: Vec<u8>,
    /// What only some may see, sealed.
    pub sealed: Vec<u8>,
    /// Epoch milliseconds.
    pub at: i64,
}

/// An applied state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRow {
    /// Its number, from 1.
    pub number: i64,
    /// The operation that applied it.
    pub run: RunId,
    /// What that did.
    pub action: String,
    /// What every reader may see.
    pub body: Vec<u8>,
    /// What only some may see, sealed.
    pub sealed: Vec<u8>,
    /// Epoch milliseconds.
    pub applied_at: i64,
}

/// Stores what an operation left, in place of what it left before. The holder of its lease reports. What is
/// reported of a playground that is gone changes nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn report(
    batch: &mut Batch<'_, '_>,
    (run, holder): (RunId, &Holder),
    outcome: &NewOutcome,
) -> Result<(), Error> {
    const LOCK: &str = "SELECT last_run FROM playgrounds WHERE id = $1 {lock}";
    const OBSERVED: &str = "UPDATE playgrounds SET observed = $2, observed_at = $3 WHERE id = $1";
    const JOB: &str = "UPDATE playgrounds SET job = $2, job_at = $3 WHERE id = $1";
    runs::hold(batch, run, holder, "report")?;
    let id = outcome.playground_id;
    let Some(last) = batch.tx.first(LOCK, args![id], |row| row.run_id(0))? else {
        return Ok(());
    };
    write(batch, run, outcome)?;
    // One that only plans changes nothing.
    if last != run {
        return Ok(());
    }
    if let Some(services) = &outcome.observed {
        batch.tx.exec(OBSERVED, args![id, services, outcome.now])?;
    }
    if let Some(job) = &outcome.job {
        batch.tx.exec(JOB, args![id, job, outcome.now])?;
    }
    if let Some(revision) = &outcome.revision {
        apply(batch, run, outcome, revision)?;
    }
    write_logs(batch, outcome)
}

fn write(batch: &mut Batch<'_, '_>, run: RunId, outcome: &NewOutcome) -> Result<(), Error> {
    const WRITE: &str =
        "INSERT INTO playground_outcomes (playground_id, operation, removed_at, dirty,
        body, sealed, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (playground_id, operation) DO UPDATE SET removed_at = excluded.removed_at,
        dirty = excluded.dirty, body = excluded.body, sealed = excluded.sealed, at = excluded.at";
    // Ids rise with time. The last operation's is among the newest.
    const PRUNE: &str = "DELETE FROM playground_outcomes WHERE playground_id = $1 AND operation <
        (SELECT operation FROM playground_outcomes WHERE playground_id = $1
        ORDER BY operation DESC LIMIT 1 OFFSET $2)";
    let args = args![
        outcome.playground_id,
        &run,
        outcome.removed.then_some(outcome.now),
        outcome.dirty.as_ref(),
        &outcome.body,
        &outcome.sealed,
        outcome.now
    ];
    batch.tx.exec(WRITE, args)?;
    let args = args![outcome.playground_id, KEPT - 1];
    batch.tx.exec(PRUNE, args).map(drop)
}

/// Makes what was applied a revision: one for each operation, however often it is reported.
fn apply(
    batch: &mut Batch<'_, '_>,
    run: RunId,
    outcome: &NewOutcome,
    left: &LeftRevision,
) -> Result<(), Error> {
    const OF_RUN: &str =
        "SELECT number FROM playground_revisions WHERE playground_id = $1 AND operation = $2";
    const NEWEST: &str = "SELECT number FROM playground_revisions WHERE playground_id = $1
        ORDER BY number DESC LIMIT 1";
    const WRITE: &str =
        "INSERT INTO playground_revisions (playground_id, number, operation, action,
        body, sealed, applied_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (playground_id, number) DO UPDATE SET body = excluded.body,
        sealed = excluded.sealed, applied_at = excluded.applied_at";
    const APPLIED: &str = "UPDATE playgrounds SET revision = $2, applied_wanted = $3,
        applied_spec = $4, applied_at = $5 WHERE id = $1";
    const PRUNE: &str =
        "DELETE FROM playground_revisions WHERE playground_id = $1 AND number <= $2";
    let (id, now) = (outcome.playground_id, outcome.now);
    let known = batch.tx.first(OF_RUN, args![id, &run], |row| row.int(0))?;
    let number = match known {
        Some(number) => number,
        None => {
            let newest = batch.tx.first(NEWEST, args![id], |row| row.int(0))?;
            newest.unwrap_or(0) + 1
        }
    };
    batch.tx.exec(
        WRITE,
        args![
            id,
            number,
            &run,
            &left.action,
            &left.body,
            &left.sealed,
            now
        ],
    )?;
    let (wanted, spec) = left.versions;
    batch
        .tx
        .exec(APPLIED, args![id, number, wanted, spec, now])?;
    batch.tx.exec(PRUNE, args![id, number - KEPT]).map(drop)
}

fn write_logs(batch: &mut Batch<'_, '_>, outcome: &NewOutcome) -> Result<(), Error> {
    const WRITE: &str = "INSERT INTO playground_logs (playground_id, service, body, at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (playground_id, service) DO UPDATE SET body = excluded.body, at = excluded.at";
    for (service, body) in &outcome.logs {
        let args = args![outcome.playground_id, service, body, outcome.now];
        batch.tx.exec(WRITE, args)?;
    }
    Ok(())
}

/// What an operation left, if it reported something.
pub fn outcome(
    read: &mut Read<'_, '_>,
    playground_id: i64,
    run: RunId,
) -> Result<Option<OutcomeRow>, Error> {
    const FIND: &str = "SELECT operation, body, sealed, at FROM playground_outcomes
        WHERE playground_id = $1 AND operation = $2";
    read.tx.first(FIND, args![playground_id, &run], |row| {
        Ok(OutcomeRow {
            run: row.run_id(0)?,
            body: row.bytes(1)?,
            sealed: row.bytes(2)?,
            at: row.int(3)?,
        })
    })
}

/// The revisions of a playground, newest first.
pub fn revisions(read: &mut Read<'_, '_>, playground_id: i64) -> Result<Vec<RevisionRow>, Error> {
    const ALL: &str = "SELECT number, operation, action, body, sealed, applied_at
        FROM playground_revisions WHERE playground_id = $1 ORDER BY number DESC";
    read.tx.all(ALL, args![playground_id], read_revision)
}

/// One revision.
pub fn revision(
    read: &mut Read<'_, '_>,
    playground_id: i64,
    number: i64,
) -> Result<Option<RevisionRow>, Error> {
    const FIND: &str = "SELECT number, operation, action, body, sealed, applied_at
        FROM playground_revisions WHERE playground_id = $1 AND number = $2";
    read.tx
        .first(FIND, args![playground_id, number], read_revision)
}

fn read_revision(row: &Row<'_>) -> Result<RevisionRow, Error> {
    Ok(RevisionRow {
        number: row.int(0)?,
        run: row.run_id(1)?,
        action: row.text(2)?,
        body: row.bytes(3)?,
        sealed: row.bytes(4)?,
        applied_at: row.int(5)?,
    })
}

/// The last lines of a service that were kept, as a JSON list.
pub fn logs(
    read: &mut Read<'_, '_>,
    playground_id: i64,
    service: &str,
) -> Result<Option<Vec<u8>>, Error> {
    const FIND: &str = "SELECT body FROM playground_logs WHERE playground_id = $1 AND service = $2";
    read.tx
        .first(FIND, args![playground_id, service], |row| row.bytes(0))
}
