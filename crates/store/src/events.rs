//! The event log: written at the end of a transaction, read by number.

use std::collections::BTreeMap;

use engine::{Event, Run, RunId};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    Error, Read,
    driver::{Row, Tx, Value, args},
};

/// A fact that has no number yet.
pub(crate) struct NewEvent {
    pub(crate) at: i64,
    pub(crate) event_type: String,
    pub(crate) kind: &'static str,
    pub(crate) run: Option<RunId>,
    pub(crate) data: String,
}

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

/// The newest `limit` events of a run, in order.
pub fn newest(read: &mut Read<'_, '_>, run: RunId, limit: i64) -> Result<Vec<EventRow>, Error> {
    const NEWEST: &str = "SELECT seq, at, type, kind, run_id, data FROM events
        WHERE run_id = $1 ORDER BY seq DESC LIMIT $2";
    let mut newest = read.tx.all(NEWEST, args![&run, limit], event)?;
    newest.reverse();
    Ok(newest)
}

/// When the newest event of a run happened, epoch milliseconds.
pub fn newest_at(read: &mut Read<'_, '_>, run: RunId) -> Result<Option<i64>, Error> {
    const NEWEST: &str = "SELECT at FROM events WHERE run_id = $1 ORDER BY seq DESC LIMIT 1";
    read.tx.first(NEWEST, args![&run], |row| row.int(0))
}

/// Whether `pattern` names this type: each `*` in it stands for anything, also for nothing.
#[must_use]
pub fn names(pattern: &str, event_type: &str) -> bool {
    let Some((start, pattern)) = pattern.split_once('*') else {
        return pattern == event_type;
    };
    let Some(mut rest) = event_type.strip_prefix(start) else {
        return false;
    };
    let (between, end) = pattern.rsplit_once('*').unwrap_or(("", pattern));
    for part in between.split('*') {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(end)
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

/// Numbers the events and writes them; answers the newest number, 0 when there are none. The head
/// row stays locked until the commit, so numbers become visible in order.
pub(crate) fn write(tx: &mut Tx<'_>, events: &[NewEvent]) -> Result<i64, Error> {
    const HEAD: &str = "UPDATE event_head SET newest = newest + $1 WHERE id = 1 RETURNING newest";
    const INSERT: &str = "INSERT INTO events (seq, at, type, kind, run_id, data)
        VALUES ($1, $2, $3, $4, $5, $6)";
    if events.is_empty() {
        return Ok(0);
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let newest = tx
        .first(HEAD, args![count], |row| row.int(0))?
        .ok_or_else(|| Error::Corrupt("the event head is missing".to_owned()))?;
    let rows: Vec<[Value<'_>; 6]> = (newest - count + 1..)
        .zip(events)
        .map(|(seq, event)| {
            [
                seq.into(),
                event.at.into(),
                (&event.event_type).into(),
                event.kind.into(),
                event.run.as_ref().into(),
                (&event.data).into(),
            ]
        })
        .collect();
    tx.exec_many(INSERT, &rows)?;
    Ok(newest)
}

/// What belongs to an event of a run.
pub(crate) fn data(run: &Run, event: &Event) -> String {
    let mut data = serde_json::Map::new();
    data.insert("name".to_owned(), run.name.clone().into());
    data.insert("status".to_owned(), run.state.status().as_str().into());
    if event.attempt > 0 {
        data.insert("attempt".to_owned(), event.attempt.into());
    }
    if let Some(executor) = &event.executor {
        data.insert("executor_id".to_owned(), executor.clone().into());
    }
    if let Some(reason) = &event.reason {
        data.insert("reason".to_owned(), reason.clone().into());
    }
    if let Some(due_at) = event.due_at {
        data.insert("due_at".to_owned(), due_at.into());
    }
    let part = event.part.as_ref().filter(|part| !part.again);
    if let Some(part) = part {
        let key = run.kind.part().unwrap_or("part");
        data.insert(key.to_owned(), part.name.clone().into());
        // The holder's own data, of which every digit stays, cannot replace what is here.
        let of_holder: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(&part.event_data).unwrap_or_default();
        if !of_holder.is_empty() {
            return merged(of_holder, data);
        }
    }
    serde_json::Value::Object(data).to_string()
}

/// An object of both, in which `ours` come before those of the same name.
fn merged(
    mut all: BTreeMap<String, Box<RawValue>>,
    ours: serde_json::Map<String, serde_json::Value>,
) -> String {
    for (key, value) in ours {
        // A value has a JSON form.
        all.extend(to_raw_value(&value).ok().map(|value| (key, value)));
    }
    serde_json::to_string(&all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_star_stands_for_anything_wherever_it_is() {
        for (pattern, named) in [
            ("job.failed", true),
            ("job.fail", false),
            ("", false),
            ("*", true),
            ("job.*", true),
            ("*.failed", true),
            ("*failed*", true),
            ("j*.f*d", true),
            ("j**d", true),
            ("job.failed*", true),
            ("job.*failed", true),
            ("job.failed.*", false),
            ("*d*f*", false),
            ("job*b.failed", false),
            ("*.failed.*.failed", false),
        ] {
            assert_eq!(names(pattern, "job.failed"), named, "{pattern}");
        }
    }
}
