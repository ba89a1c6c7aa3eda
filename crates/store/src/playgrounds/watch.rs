//! Runs that want news of playgrounds: steps of executions that wait for a status, or for the end of an operation.

use engine::RunId;

use crate::{Batch, Error, Read, children::PartTry, driver::args};

/// Notes that a try of a part wants news of a playground from now on, in place of another one. It is told of the end
/// of each operation that is the playground's last one, and of each change of its services. Answers since when the
/// try has waited.
///
/// # Errors
/// The database's.
pub fn watch(
    batch: &mut Batch<'_, '_>,
    of: PartTry,
    playground_id: i64,
    now: i64,
) -> Result<i64, Error> {
    const WATCH: &str = "INSERT INTO playground_watches (run_id, part, tries, playground_id, since)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (run_id, part, tries)
        DO UPDATE SET playground_id = excluded.playground_id RETURNING since";
    let args = args![&of.run, of.part, of.tries, playground_id, now];
    let since = batch.tx.first(WATCH, args, |row| row.int(0))?;
    since.ok_or_else(|| Error::Corrupt("a watch that was written is not there".to_owned()))
}

/// Since when this try of a part has waited for news, if it has.
///
/// # Errors
/// The database's.
pub fn watched_since(read: &mut Read<'_, '_>, of: PartTry) -> Result<Option<i64>, Error> {
    const SINCE: &str =
        "SELECT since FROM playground_watches WHERE run_id = $1 AND part = $2 AND tries = $3";
    read.tx
        .first(SINCE, args![&of.run, of.part, of.tries], |row| row.int(0))
}

/// The tries of a part before this one want no news any more.
///
/// # Errors
/// The database's.
pub fn unwatch(
    batch: &mut Batch<'_, '_>,
    run: RunId,
    (part, before): (i64, i64),
) -> Result<(), Error> {
    const REMOVE: &str =
        "DELETE FROM playground_watches WHERE run_id = $1 AND part = $2 AND tries < $3";
    batch.tx.exec(REMOVE, args![&run, part, before]).map(drop)
}

/// The playgrounds that steps of a run made and that still exist, by id.
///
/// # Errors
/// The database's.
pub fn made_by(read: &mut Read<'_, '_>, run: RunId) -> Result<Vec<i64>, Error> {
    const MADE: &str = "SELECT DISTINCT playgrounds.id FROM children
        JOIN runs ON runs.id = children.child AND runs.kind = 'operation' AND runs.name = 'create'
        JOIN run_labels ON run_labels.run_id = runs.id AND run_labels.name = 'playground_id'
        JOIN playgrounds ON CAST(playgrounds.id AS TEXT) = run_labels.value
        WHERE children.run_id = $1 ORDER BY playgrounds.id";
    read.tx.all(MADE, args![&run], |row| row.int(0))
}

/// Wakes the runs that want news of a playground.
pub(super) fn tell(batch: &mut Batch<'_, '_>, playground_id: i64, now: i64) -> Result<(), Error> {
    const WATCHERS: &str =
        "SELECT DISTINCT run_id FROM playground_watches WHERE playground_id = $1";
    let watchers = batch
        .tx
        .all(WATCHERS, args![playground_id], |row| row.run_id(0))?;
    batch.wake(watchers, now);
    Ok(())
}
