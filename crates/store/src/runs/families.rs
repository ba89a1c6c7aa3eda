//! Queues of one family: those whose names begin with the family's and a colon. A claim that takes
//! from several of them finds out first which have ready runs.

use crate::{
    Batch, Error, Read,
    driver::{Value, args},
};

/// From one queue to the next, however many runs each has.
const READY: &str = "WITH RECURSIVE ready (queue) AS (
        SELECT (SELECT queue FROM runs {by_queue} WHERE status = 'queued' ORDER BY queue LIMIT 1)
        UNION ALL
        SELECT (SELECT runs.queue FROM runs {by_queue} WHERE runs.status = 'queued'
            AND runs.queue > ready.queue ORDER BY runs.queue LIMIT 1)
        FROM ready WHERE ready.queue IS NOT NULL)
    SELECT queue FROM ready WHERE queue IS NOT NULL LIMIT $1";

const FIRST: &str = "SELECT sort_key, id FROM runs WHERE status = 'queued' AND queue = $1
    ORDER BY sort_key, id LIMIT 1";

/// Queues that one look passes at most. There are as many as there are sets of plugins that jobs
/// wait for.
const LOOKED_AT: i64 = 1_000;

/// The family of a queue, if it is of one.
pub(crate) fn family_of(queue: &str) -> Option<&str> {
    queue.split_once(':').map(|(family, _)| family)
}

/// Queues with ready runs that are of this family and wanted, at most `limit`, those with the first
/// runs. `wanted` is asked about what follows the colon.
pub fn ready_queues(
    read: &mut Read<'_, '_>,
    family: &str,
    limit: usize,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Error> {
    // Queues of every family are passed: how text orders beside the colon differs between the
    // databases.
    let ready = read.tx.all(READY, args![LOOKED_AT], |row| row.text(0))?;
    let is_wanted = |queue: &String| {
        let parts = queue.split_once(':');
        parts.is_some_and(|(of, rest)| of == family && wanted(rest))
    };
    let ready: Vec<String> = ready.into_iter().filter(is_wanted).collect();
    if ready.len() <= limit {
        return Ok(ready);
    }
    // Those whose first run is the next in line: by their names, the last would never have a turn.
    let rows: Vec<[Value<'_>; 1]> = ready.iter().map(|queue| [queue.into()]).collect();
    let ranks = read
        .tx
        .first_many(FIRST, &rows, |row| Ok((row.int(0)?, row.run_id(1)?)))?;
    let mut ranked: Vec<_> = ranks
        .into_iter()
        .zip(&ready)
        .filter(|(sort_key, _)| sort_key.is_some())
        .collect();
    ranked.sort_unstable();
    let first = ranked.into_iter().take(limit);
    Ok(first.map(|(_, queue)| queue.clone()).collect())
}

/// How the database goes from one ready queue to the next.
pub fn plan(batch: &mut Batch<'_, '_>) -> Result<String, Error> {
    batch.tx.plan(READY, args![LOOKED_AT])
}
