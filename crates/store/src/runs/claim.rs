//! Executors take queued runs. All waiting claims of one kind are served by one query.

use std::collections::VecDeque;

use engine::{Command, Run, step};

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
        let queues = &claims[*first].queues;
        let (alike, rest): (Vec<_>, Vec<_>) = open
            .iter()
            .partition(|place| claims[**place].queues == *queues);
        serve(batch, claims, &alike, &mut answers)?;
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

/// Serves claims that look in the same queues.
fn serve(
    batch: &mut Batch<'_, '_>,
    claims: &[&Claim],
    alike: &[usize],
    answers: &mut [Vec<Claimed>],
) -> Result<(), Error> {
    let wanted = alike
        .iter()
        .fold(0_usize, |sum, place| sum.saturating_add(claims[*place].max));
    let mut ready = candidates(batch.tx, &claims[alike[0]].queues, wanted)?;
    let mut updates = Vec::new();
    for place in alike {
        let claim = claims[*place];
        let command = Command::Claim {
            executor: claim.executor.clone(),
            lease_ms: claim.lease_ms,
        };
        let mut size = 0;
        while answers[*place].len() < claim.max {
            let fits = |next: &mut Candidate| size == 0 || size + next.input_bytes <= ANSWER_LIMIT;
            // What does not fit stays queued, for the next in line.
            let Some(next) = ready.pop_front_if(fits) else {
                break;
            };
            size += next.input_bytes;
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
