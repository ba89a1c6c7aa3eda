//! What a holder writes down for the attempt after it.

use engine::{Command, Holder, RunId};

use super::apply;
use crate::{Batch, Error, Read, seam::args};

/// Replaces the run's checkpoint, if `holder` holds the lease.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn checkpoint(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    holder: Holder,
    body: &[u8],
    now: i64,
) -> Result<(), Error> {
    const WRITE: &str = "INSERT INTO checkpoints (run_id, token, body) VALUES ($1, $2, $3)
        ON CONFLICT (run_id) DO UPDATE SET token = excluded.token, body = excluded.body";
    let run = apply(batch, id, &Command::Checkpoint { holder }, now)?;
    batch.tx.exec(WRITE, args![&id, run.token, body]).map(drop)
}

/// The run's checkpoint, if there is one.
///
/// # Errors
/// The database's.
pub fn checkpoint_of(read: &mut Read<'_, '_>, id: RunId) -> Result<Option<Vec<u8>>, Error> {
    const FIND: &str = "SELECT body FROM checkpoints WHERE run_id = $1";
    read.tx.first(FIND, args![&id], |row| row.bytes(0))
}
