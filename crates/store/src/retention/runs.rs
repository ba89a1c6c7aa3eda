//! Ended runs that are old, with all that belongs to them.

use engine::{Kind, Priority, Rejected, RunId, Status};

use super::{ROWS, Room, Swept, first_id_at};
use crate::{
    Batch, Error,
    driver::{Row, Value, args},
};

/// Runs of one status that one call deletes at most.
const RUNS: i64 = 200;

/// Tables with a row or more for a run.
const OF_RUN: &[&str] = &[
    "DELETE FROM inputs WHERE run_id = $1",
    "DELETE FROM run_labels WHERE run_id = $1",
    "DELETE FROM run_blobs WHERE run_id = $1",
    "DELETE FROM results WHERE run_id = $1",
    "DELETE FROM states WHERE run_id = $1",
    "DELETE FROM log_sizes WHERE run_id = $1",
    "DELETE FROM approval_answers WHERE approval IN (SELECT id FROM approvals WHERE run_id = $1)",
    "DELETE FROM approvals WHERE run_id = $1",
    "DELETE FROM children WHERE run_id = $1",
    "DELETE FROM playground_watches WHERE run_id = $1",
    "DELETE FROM gates WHERE run_id = $1",
    "DELETE FROM runs WHERE id = $1",
];

/// Tables that may have any number of rows for a run.
const MANY_OF_RUN: &[&str] = &[
    "DELETE FROM attempts WHERE run_id = $1",
    "DELETE FROM logs WHERE run_id = $1",
    "DELETE FROM log_positions WHERE run_id = $1",
    "DELETE FROM parts WHERE run_id = $1",
    "DELETE FROM artifacts WHERE run_id = $1",
];

/// The same, the first $2 rows or so.
const FIRST_OF_RUN: &[&str] = &[
    "DELETE FROM attempts WHERE run_id = $1 AND number <= (SELECT MAX(number) FROM
        (SELECT number FROM attempts WHERE run_id = $1 ORDER BY number LIMIT $2) AS first_of_it)",
    "DELETE FROM logs WHERE run_id = $1 AND seq <= (SELECT MAX(seq) FROM
        (SELECT seq FROM logs WHERE run_id = $1 ORDER BY seq LIMIT $2) AS first_of_it)",
    "DELETE FROM log_positions WHERE run_id = $1 AND attempt <= (SELECT MAX(attempt) FROM
        (SELECT attempt FROM log_positions WHERE run_id = $1 ORDER BY attempt LIMIT $2)
        AS first_of_it)",
    "DELETE FROM parts WHERE run_id = $1 AND number <= (SELECT MAX(number) FROM
        (SELECT number FROM parts WHERE run_id = $1 ORDER BY number LIMIT $2) AS first_of_it)",
    "DELETE FROM artifacts WHERE run_id = $1 AND name <= (SELECT MAX(name) FROM
        (SELECT name FROM artifacts WHERE run_id = $1 ORDER BY name LIMIT $2) AS first_of_it)",
];

/// An ended run that is old.
struct Old {
    id: RunId,
    kind: Kind,
    status: Status,
    priority: Priority,
    /// How many rows it has at most where a run may have any number.
    rows: i64,
    /// The length of all that it has, in bytes.
    bytes: i64,
}

/// Selects what [`Old::read`] takes. The lengths are known without reading.
macro_rules! old {
    () => {
        "SELECT id, kind, status, priority,
        starts + COALESCE((SELECT next_seq FROM log_sizes WHERE run_id = runs.id), 0)
            + COALESCE((SELECT MAX(number) FROM parts WHERE run_id = runs.id), 0)
            + (SELECT COUNT(*) FROM artifacts WHERE run_id = runs.id),
        CAST(
            COALESCE((SELECT stored_bytes FROM log_sizes WHERE run_id = runs.id), 0)
            + COALESCE((SELECT LENGTH(body) FROM inputs WHERE run_id = runs.id), 0)
            + COALESCE((SELECT LENGTH(body) FROM states WHERE run_id = runs.id), 0)
            + COALESCE((SELECT SUM(LENGTH(body)) FROM (SELECT body FROM parts
                WHERE run_id = runs.id ORDER BY number LIMIT 1000) AS first_of_it), 0)
            + COALESCE((SELECT LENGTH(stdout) + LENGTH(stderr) FROM results
                WHERE run_id = runs.id), 0)
        AS BIGINT)
        FROM runs"
    };
}

impl Old {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.run_id(0)?,
            kind: row.name(1)?,
            status: row.name(2)?,
            priority: row.name(3)?,
            rows: row.int(4)?,
            bytes: row.int(5)?,
        })
    }

    /// It has so many rows that it goes piece by piece: see [`remains`].
    fn is_long(&self) -> bool {
        self.rows > ROWS
    }
}

/// Deletes runs that ended before the time that `before` gives for their kind; of long ones
/// [`pending_deletions`] deletes the rest.
pub fn runs(batch: &mut Batch<'_, '_>, before: impl Fn(Kind) -> i64) -> Result<Swept, Error> {
    let (old, more) = old_runs(batch, &before)?;
    delete(batch, &old)?;
    Ok(Swept {
        deleted: old.len() as u64,
        more,
    })
}

/// Deletes one run of this kind that has ended; of a long one `pending_deletions` has the rest. Its events
/// stay until they are old.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`] for one that has not ended, or the database's.
pub fn run(batch: &mut Batch<'_, '_>, kind: Kind, id: RunId) -> Result<(), Error> {
    const RUN: &str = concat!(old!(), " WHERE id = $1 AND kind = $2 {lock}");
    let found = batch.tx.first(RUN, args![&id, kind.as_str()], Old::read)?;
    let run = found.ok_or(Error::NotFound(id))?;
    if !run.status.is_terminal() {
        return Err(Error::Rejected(Rejected {
            run: id,
            status: run.status,
            command: "delete",
            not_holder: false,
        }));
    }
    delete(batch, &[run])
}

fn delete(batch: &mut Batch<'_, '_>, old: &[Old]) -> Result<(), Error> {
    let all: Vec<[Value<'_>; 1]> = old.iter().map(|run| [(&run.id).into()]).collect();
    let (long, short): (Vec<&Old>, Vec<&Old>) = old.iter().partition(|run| run.is_long());
    let long: Vec<[Value<'_>; 1]> = long.iter().map(|run| [(&run.id).into()]).collect();
    let short: Vec<[Value<'_>; 1]> = short.iter().map(|run| [(&run.id).into()]).collect();
    batch
        .tx
        .exec_many("INSERT INTO pending_deletions (run_id) VALUES ($1)", &long)?;
    for statement in MANY_OF_RUN {
        batch.tx.exec_many(statement, &short)?;
    }
    for statement in OF_RUN {
        batch.tx.exec_many(statement, &all)?;
    }
    for run in old {
        batch.count(run.kind, run.status, run.priority, -1);
    }
    Ok(())
}

/// As many runs that ended before the time for their kind as one transaction should delete, and
/// whether there are more.
fn old_runs(
    batch: &mut Batch<'_, '_>,
    before: &impl Fn(Kind) -> i64,
) -> Result<(Vec<Old>, bool), Error> {
    // Ids order by the time of their making, and a run ends after it is made: a run that ended
    // before `before` has an id below that of the time.
    const ENDED: &str = concat!(
        old!(),
        " WHERE status = $1 AND kind = $5 AND id < $2 AND ended_at < $3
        ORDER BY id LIMIT $4 {lock}"
    );
    let (mut found, mut more) = (Vec::new(), false);
    let mut room = Room::default();
    let ended = Status::ALL.iter().filter(|status| status.is_terminal());
    let every = ended.flat_map(|status| Kind::ALL.iter().map(move |kind| (status, kind)));
    for (status, kind) in every {
        let before = before(*kind);
        let below = first_id_at(before);
        let args = args![status.as_str(), &below, before, RUNS, kind.as_str()];
        let old = batch.tx.all(ENDED, args, Old::read)?;
        more |= i64::try_from(old.len()) == Ok(RUNS);
        for run in old {
            // What is left behind does not count.
            let rows = if run.is_long() { 0 } else { run.rows };
            if !room.take(rows, run.bytes) {
                return Ok((found, true));
            }
            found.push(run);
        }
    }
    Ok((found, more))
}

/// Deletes a piece of what [`runs`] left behind of long runs.
pub fn pending_deletions(batch: &mut Batch<'_, '_>) -> Result<Swept, Error> {
    const FIRST: &str = "SELECT run_id FROM pending_deletions ORDER BY run_id LIMIT 1 {lock}";
    let Some(id) = batch.tx.first(FIRST, args![], |row| row.run_id(0))? else {
        return Ok(Swept::default());
    };
    let mut deleted = 0;
    for statement in FIRST_OF_RUN {
        let room = ROWS - i64::try_from(deleted).unwrap_or(ROWS);
        if room > 0 {
            deleted += batch.tx.exec(statement, args![&id, room])?;
        }
    }
    if deleted == 0 {
        batch.tx.exec(
            "DELETE FROM pending_deletions WHERE run_id = $1",
            args![&id],
        )?;
    }
    Ok(Swept {
        deleted,
        more: true,
    })
}
