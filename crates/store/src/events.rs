//! Reading the event log.

use engine::RunId;

use crate::{
    Error, Read,
    seam::{Row, args},
};

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its number.
    pub seq: i64,
    /// Epoch milliseconds.
    pub at: i64,
    /// Such as `job.completed`.
    pub event_type: String,
    /// Kind of the run; of an event without one, what it is about, such as `hook`.
    pub kind: String,
    /// The run, if it is about one.
    pub run_id: Option<RunId>,
    /// A JSON object.
    pub data: String,
}

/// The ends of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Number of the newest event that retention has removed, 0 when none was.
    pub removed: i64,
    /// Number of the newest event, 0 when there is none.
    pub newest: i64,
}

/// The ends of the log.
///
/// # Errors
/// The database's.
pub fn extent(read: &mut Read<'_, '_>) -> Result<Extent, Error> {
    const EXTENT: &str = "SELECT removed, newest FROM event_head WHERE id = 1";
    read.tx
        .first(EXTENT, args![], |row| {
            Ok(Extent {
                removed: row.int(0)?,
                newest: row.int(1)?,
            })
        })?
        .ok_or_else(|| Error::Corrupt("the event head is missing".to_owned()))
}

/// Up to `limit` events after number `after`, in order; of one run only when it is given.
///
/// # Errors
/// The database's.
pub fn after(
    read: &mut Read<'_, '_>,
    after: i64,
    run: Option<RunId>,
    limit: i64,
) -> Result<Vec<EventRow>, Error> {
    const ALL: &str = "SELECT seq, at, type, kind, run_id, data FROM events
        WHERE seq > $1 ORDER BY seq LIMIT $2";
    const OF_RUN: &str = "SELECT seq, at, type, kind, run_id, data FROM events
        WHERE run_id = $3 AND seq > $1 ORDER BY seq LIMIT $2";
    match run {
        None => read.tx.all(ALL, args![after, limit], event),
        Some(run) => read.tx.all(OF_RUN, args![after, limit, &run], event),
    }
}

/// When the newest event of a run happened, epoch milliseconds.
///
/// # Errors
/// The database's.
pub fn newest_at(read: &mut Read<'_, '_>, run: RunId) -> Result<Option<i64>, Error> {
    const NEWEST: &str = "SELECT at FROM events WHERE run_id = $1 ORDER BY seq DESC LIMIT 1";
    read.tx.first(NEWEST, args![&run], |row| row.int(0))
}

/// Whether `pattern` names this type: itself or, with `*` at the end, whatever begins like it.
#[must_use]
pub fn names(pattern: &str, event_type: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => event_type.starts_with(start),
        None => pattern == event_type,
    }
}

pub(crate) fn event(row: &Row<'_>) -> Result<EventRow, Error> {
    Ok(EventRow {
        seq: row.int(0)?,
        at: row.int(1)?,
        event_type: row.text(2)?,
        kind: row.text(3)?,
        run_id: row.opt_run_id(4)?,
        data: row.text(5)?,
    })
}
