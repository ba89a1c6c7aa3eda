//! Executors take queued runs. All waiting claims of one kind are served by one query.

use std::collections::VecDeque;

use engine::{Command, Resources, Run, step};

use super::{
    find,
    row::{self, WIDTH, columns},
    update::{self, Before, Update},
};
use crate::{
    Batch, Error,
    driver::{Row, Tx, args},
    executors::Seen,
};

/// An executor asks for runs.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// Who asks.
    pub executor: String,
    /// The address that it gives.
    pub executor_ip: String,
    /// Where it can take runs from.
    pub queues: Vec<String>,
    /// Families of queues of which those with ready runs are among `queues`. While it waits it is
    /// told to look again when there is something in another queue of them.
    pub families: Vec<String>,
    /// What [`crate::Wake::look`] answered before it looked into its families.
    pub looked: u64,
    /// What the executor offers to runs that count something of it, with those that it owns already; none of them
    /// are handed out beyond it.
    pub offer: Resources,
    /// At most so many.
    pub max: usize,
    /// How long the leases live.
    pub lease_ms: i64,
    /// Epoch milliseconds.
    pub now: i64,
}

/// A run that was taken.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The run, with its new lease.
    pub run: Run,
    /// What it works on.
    pub input: Vec<u8>,
}

/// An answer's inputs are no longer than this together, in bytes, unless it is a single one.
const ANSWER_LIMIT: i64 = 32 * 1024 * 1024;

/// A long input is read only when its run is taken: there may be many candidates.
const READY: &str = concat!(
    "SELECT ",
    columns!(),
    ", CAST(length(inputs.body) AS BIGINT), CASE WHEN length(inputs.body) <= 8192 THEN inputs.body END
    FROM runs JOIN inputs ON inputs.run_id = runs.id
    WHERE status = 'queued' AND queue = $1 ORDER BY sort_key, id LIMIT $2 {skip_locked}"
);
/// A run that may be taken.
struct Candidate {
    run: Run,
    input_bytes: i64,
    /// `None` when it is long.
    input: Option<Vec<u8>>,
}

/// Serves all waiting claims; the answers stand in their order.
pub(crate) fn claim_all(
    batch: &mut Batch<'_, '_>,
    claims: &[&Claim],
) -> Result<Vec<Vec<Claimed>>, Error> {
    let mut answers: Vec<Vec<Claimed>> = claims.iter().map(|_| Vec::new()).collect();
    let mut open: Vec<usize> = (0..claims.len()).collect();
    while let Some(first) = open.first() {
        let claim = claims[*first];
        let counts = |queue: &String| !Resources::of_queue(queue).is_none();
        if claim.queues.iter().any(counts) {
            let free = free_of(batch.tx, claim)?;
            let mut queues = claim.queues.clone();
            queues.retain(|queue| Resources::of_queue(queue).fits(free));
            serve(batch, claims, (&queues, free), &[*first], &mut answers)?;
            open.remove(0);
            continue;
        }
        let (alike, rest): (Vec<_>, Vec<_>) = open
            .iter()
            .partition(|place| claims[**place].queues == claim.queues);
        serve(
            batch,
            claims,
            (&claim.queues, claim.offer),
            &alike,
            &mut answers,
        )?;
        open = rest;
    }
    for claim in claims {
        let seen = Seen {
            ip: claim.executor_ip.clone(),
            at: claim.now,
            completed: 0,
        };
        batch.seen(&claim.executor, seen);
    }
    Ok(answers)
}

/// What is free of what an executor offers.
fn free_of(tx: &mut Tx<'_>, claim: &Claim) -> Result<Resources, Error> {
    const OWNED: &str = "SELECT queue, COUNT(*) FROM runs
        WHERE status = 'running' AND executor = $1 GROUP BY queue";
    // Another claim of the same executor waits until what this one takes is there.
    const LOCK: &str = "SELECT name FROM executors WHERE name = $1 {lock}";
    tx.first(LOCK, args![&claim.executor], |row| row.text(0))?;
    let owned = tx.all(OWNED, args![&claim.executor], |row| {
        Ok((row.text(0)?, row.int(1)?))
    })?;
    let free = owned.iter().fold(claim.offer, |free, (queue, count)| {
        free.less(*count, Resources::of_queue(queue))
    });
    Ok(free)
}

/// Serves claims that look in the same queues, with what is free for each.
fn serve(
    batch: &mut Batch<'_, '_>,
    claims: &[&Claim],
    (queues, free): (&[String], Resources),
    alike: &[usize],
    answers: &mut [Vec<Claimed>],
) -> Result<(), Error> {
    let wanted = alike
        .iter()
        .fold(0_usize, |sum, place| sum.saturating_add(claims[*place].max));
    let mut ready = candidates(batch.tx, queues, wanted)?;
    let mut updates = Vec::new();
    for place in alike {
        let claim = claims[*place];
        let command = Command::Claim {
            executor: claim.executor.clone(),
            lease_ms: claim.lease_ms,
        };
        let (mut size, mut free) = (0, free);
        while answers[*place].len() < claim.max {
            // What does not fit stays queued, for the next in line.
            let fits = |next: &Candidate| Resources::of_queue(&next.run.queue).fits(free);
            let first = ready
                .iter()
                .position(fits)
                .filter(|first| size == 0 || size + ready[*first].input_bytes <= ANSWER_LIMIT);
            let Some(next) = first.and_then(|first| ready.remove(first)) else {
                break;
            };
            size += next.input_bytes;
            free = free.less(1, Resources::of_queue(&next.run.queue));
            let before = Before::from(&next.run);
            let change = step(&next.run, &command, claim.now)?;
            let run = change.run.clone();
            let input = match next.input {
                Some(input) => input,
                None => find::input_of(batch.tx, run.id)?.ok_or_else(|| {
                    Error::Corrupt(format!("the input of run {} is missing", run.id))
                })?,
            };
            answers[*place].push(Claimed { run, input });
            updates.push(Update {
                before,
                change,
                ip: &claim.executor_ip,
            });
        }
    }
    let now = claims[alike[0]].now;
    update::write(batch, &updates, now)
}

/// The first `wanted` runs of these queues, in the order of their sort keys.
fn candidates(
    tx: &mut Tx<'_>,
    queues: &[String],
    wanted: usize,
) -> Result<VecDeque<Candidate>, Error> {
    let mut found = Vec::new();
    for (place, queue) in queues.iter().enumerate() {
        if queues[..place].contains(queue) {
            continue;
        }
        found.extend(first_of(tx, queue, wanted)?);
    }
    if queues.len() > 1 {
        found.sort_by_key(|candidate| (candidate.run.sort_key, candidate.run.id));
        found.truncate(wanted);
    }
    Ok(found.into())
}

/// The first `wanted` readable runs of one queue: one that cannot be read does not hold up the others.
fn first_of(tx: &mut Tx<'_>, queue: &str, wanted: usize) -> Result<Vec<Candidate>, Error> {
    let mut asked = wanted;
    loop {
        let limit = i64::try_from(asked).unwrap_or(i64::MAX);
        let rows = tx.all(READY, args![queue, limit], |row| Ok(candidate(row)))?;
        let (all, mut found, mut unreadable) = (rows.len(), Vec::with_capacity(rows.len()), None);
        for row in rows {
            match row {
                Ok(candidate) => found.push(candidate),
                Err(Error::Corrupt(why)) => unreadable = Some(why),
                Err(error) => return Err(error),
            }
        }
        if let Some(why) = unreadable {
            let count = all - found.len();
            if found.len() < wanted && all == asked {
                // As many again, so that few questions pass many of them.
                asked = asked.saturating_mul(2).saturating_add(count);
                continue;
            }
            tracing::error!(
                queue,
                count,
                why,
                "runs that cannot be read are passed over"
            );
        }
        found.truncate(wanted);
        return Ok(found);
    }
}

fn candidate(row: &Row<'_>) -> Result<Candidate, Error> {
    Ok(Candidate {
        run: row::read(row)?,
        input_bytes: row.int(WIDTH)?,
        input: row.opt_bytes(WIDTH + 1)?,
    })
}

/// How the database finds the next ready run.
pub fn plan(batch: &mut Batch<'_, '_>) -> Result<String, Error> {
    batch.tx.plan(READY, args!["job", 1])
}
