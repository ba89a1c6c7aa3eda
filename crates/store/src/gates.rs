//! Gates of executions: which parts they are, so that a later execution finds what the last good one measured.

use engine::RunId;

use crate::{Batch, Error, Read, driver::args};

/// Notes that a part of a run is this gate of this playbook.
///
/// # Errors
/// The database's.
pub fn note(
    batch: &mut Batch<'_, '_>,
    (playbook, step): (&str, &str),
    run: RunId,
    part: i64,
) -> Result<(), Error> {
    const NOTE: &str = "INSERT INTO gates (playbook, step, run_id, part) VALUES ($1, $2, $3, $4)
        ON CONFLICT (playbook, step, run_id) DO UPDATE SET part = excluded.part
        WHERE gates.part <> excluded.part";
    batch
        .tx
        .exec(NOTE, args![playbook, step, &run, part])
        .map(drop)
}

/// The body of this gate's part in the newest execution before `run` that completed, and that execution.
///
/// # Errors
/// The database's.
pub fn last_good(
    read: &mut Read<'_, '_>,
    (playbook, step): (&str, &str),
    run: RunId,
) -> Result<Option<(RunId, Vec<u8>)>, Error> {
    const LAST: &str = "SELECT gates.run_id, parts.body FROM gates
        JOIN runs ON runs.id = gates.run_id
        JOIN parts ON parts.run_id = gates.run_id AND parts.number = gates.part
        WHERE gates.playbook = $1 AND gates.step = $2 AND gates.run_id < $3
            AND runs.status = 'completed' AND parts.stage = 'completed'
        ORDER BY gates.run_id DESC LIMIT 1";
    let args = args![playbook, step, &run];
    read.tx
        .first(LAST, args, |row| Ok((row.run_id(0)?, row.bytes(1)?)))
}
