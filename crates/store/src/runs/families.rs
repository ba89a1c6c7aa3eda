//! Queues of one family: those whose names begin with the family's and a colon. A claim that takes
//! from several of them finds out first which have ready runs.

use crate::{
    Batch, Error, Read,
    driver::{Value, args},
};

/// From one queue to the next, however many runs each has, from the first after $1.
const READY: &str = "WITH RECURSIVE ready (queue) AS (
        SELECT (SELECT queue FROM runs {by_queue} WHERE status = 'queued' AND queue > $1
            ORDER BY queue LIMIT 1)
        UNION ALL
        SELECT (SELECT runs.queue FROM runs {by_queue} WHERE runs.status = 'queued'
            AND runs.queue > ready.queue ORDER BY runs.queue LIMIT 1)
        FROM ready WHERE ready.queue IS NOT NULL)
    SELECT queue FROM ready WHERE queue IS NOT NULL LIMIT $2";

const FIRST: &str = "SELECT sort_key, id FROM runs WHERE status = 'queued' AND queue = $1
    ORDER BY sort_key, id LIMIT 1";

/// Queues that one statement passes at most.
const LOOKED_AT: usize = 1_000;

/// Statements of one look at most. There are as many queues as there are sets of plugins and requirements that
/// runs wait for; beyond these, the last by name wait until there are fewer.
const LOOKS: usize = 10;

/// The family of a queue, if it is of one.
pub(crate) fn family_of(queue: &str) -> Option<&str> {
    queue.split_once(':').map(|(family, _)| family)
}

/// Queues of families with ready runs that are wanted, at most `limit`, those with the first runs; and whether there
/// are any such queues at all. `wanted` is asked about a queue's family and about what follows the colon.
pub fn ready_queues(
    read: &mut Read<'_, '_>,
    limit: usize,
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<(Vec<String>, bool), Error> {
    let (mut ready, mut any) = (Vec::new(), false);
    let mut last = String::new();
    for _ in 0..LOOKS {
        let limit = i64::try_from(LOOKED_AT).unwrap_or(i64::MAX);
        // Queues of every family are passed: how text orders beside the colon differs between the
        // databases.
        let page = read.tx.all(READY, args![&last, limit], |row| row.text(0))?;
        let is_last = page.len() < LOOKED_AT;
        last = page.last().cloned().unwrap_or_default();
        for queue in page {
            if let Some((family, rest)) = queue.split_once(':') {
                any = true;
                if wanted(family, rest) {
                    ready.push(queue);
                }
            }
        }
        if is_last {
            break;
        }
    }
    Ok((first_of(read, ready, limit)?, any))
}

/// At most `limit` of these queues.
fn first_of(
    read: &mut Read<'_, '_>,
    ready: Vec<String>,
    limit: usize,
) -> Result<Vec<String>, Error> {
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
    batch.tx.plan(READY, args!["", 1_000])
}
