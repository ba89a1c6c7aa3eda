//! What a holder writes down for the attempt after it.

use engine::{Command, Holder, PartChange, Run, RunId, Stage};

use super::{apply, row};
use crate::{Batch, Error, Read, driver::args};

/// Makes sure that `holder` holds the run's lease, and keeps others from changing the run until the
/// end of the transaction. `command` is what it wants to do.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn hold(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    holder: &Holder,
    command: &'static str,
) -> Result<Run, Error> {
    let run = row::lock(batch.tx, &[id])?.pop().flatten();
    let run = run.ok_or(Error::NotFound(id))?;
    engine::owned(&run, holder, command)?;
    Ok(run)
}

/// Replaces the run's checkpoint, if `holder` holds the lease, and tells what happened to a part of
/// the work.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn checkpoint(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    holder: Holder,
    part: Option<PartChange>,
    body: &[u8],
    now: i64,
) -> Result<(), Error> {
    const WRITE: &str = "INSERT INTO checkpoints (run_id, token, body) VALUES ($1, $2, $3)
        ON CONFLICT (run_id) DO UPDATE SET token = excluded.token, body = excluded.body";
    let again = || PartChange {
        name: String::new(),
        stage: Stage::Started,
        again: true,
        event_data: String::new(),
    };
    let command = Command::Advance {
        holder,
        parts: vec![part.unwrap_or_else(again)],
        acknowledged: 0,
    };
    let run = apply(batch, id, &command, now)?;
    batch.tx.exec(WRITE, args![&id, run.token, body]).map(drop)
}

/// The run's checkpoint, if there is one.
///
/// # Errors
/// The database's.
pub fn checkpoint_of(read: &mut Read<'_, '_>, id: RunId) -> Result<Option<Vec<u8>>, Error> {
    Ok(checkpoint_by(read, id)?.map(|(_, body)| body))
}

/// The run's checkpoint with the token of the lease that it was written under, if there is one.
///
/// # Errors
/// The database's.
pub fn checkpoint_by(read: &mut Read<'_, '_>, id: RunId) -> Result<Option<(i64, Vec<u8>)>, Error> {
    const FIND: &str = "SELECT token, body FROM checkpoints WHERE run_id = $1";
    read.tx
        .first(FIND, args![&id], |row| Ok((row.int(0)?, row.bytes(1)?)))
}
