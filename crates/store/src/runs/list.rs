//! Lists of runs.

use engine::{Kind, Priority, Run, RunId, Status};

use super::row::{self, columns};
use crate::{
    Batch, Error, Read,
    driver::{Value, args},
};

/// Which runs to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only this kind.
    pub kind: Kind,
    /// Only these statuses; empty for all.
    pub statuses: Vec<Status>,
    /// Only this name.
    pub name: Option<String>,
    /// Only this priority.
    pub priority: Option<Priority>,
    /// Only lower ids than this one: where the page before ended.
    pub below: RunId,
    /// At most so many.
    pub limit: i64,
    /// Skip so many.
    pub offset: i64,
}

/// Selects the columns of a run, newest first. $1 is the kind, $2 a priority or NULL, $3 and $4 are
/// limit and offset, and only lower ids than $5 count. The rest of the condition decides which index serves it.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM runs WHERE kind = $1 AND (CAST($2 AS TEXT) IS NULL OR priority = $2) AND id < $5 ",
            $condition,
            " ORDER BY id DESC LIMIT $3 OFFSET $4"
        )
    };
}

/// Runs, newest first.
pub fn list(read: &mut Read<'_, '_>, filter: &Filter) -> Result<Vec<Run>, Error> {
    if let [status] = filter.statuses[..] {
        return page(read, filter, Some(status), filter.limit, filter.offset);
    }
    if filter.statuses.is_empty() {
        return page(read, filter, None, filter.limit, filter.offset);
    }
    several(read, filter)
}

/// Several statuses are one on the wire. Of each enough ids are read in the order of its index, and only
/// the page's runs.
fn several(read: &mut Read<'_, '_>, filter: &Filter) -> Result<Vec<Run>, Error> {
    let [first, second, third] = std::array::from_fn(|place| {
        // NULL is no run's status.
        let status: Value<'_> = filter
            .statuses
            .get(place)
            .map(|status| status.as_str())
            .into();
        status
    });
    let args = args![
        filter.kind.as_str(),
        filter.priority.map(Priority::as_str),
        filter.limit,
        filter.offset,
        filter.name.as_deref(),
        first,
        second,
        third,
        filter.limit.saturating_add(filter.offset),
        &filter.below
    ];
    let ids = read.tx.all(OF_SEVERAL, args, |row| row.run_id(0))?;
    let rows: Vec<[Value<'_>; 1]> = ids.iter().map(|id| [id.into()]).collect();
    let runs = read.tx.first_many(row::FIND, &rows, row::read)?;
    Ok(runs.into_iter().flatten().collect())
}

macro_rules! ids_of {
    ($status:literal) => {
        concat!(
            "SELECT id FROM (SELECT id FROM runs WHERE kind = $1 ",
            "AND (CAST($2 AS TEXT) IS NULL OR priority = $2) ",
            "AND (CAST($5 AS TEXT) IS NULL OR name = $5) AND id < $10 AND status = ",
            $status,
            " ORDER BY id DESC LIMIT $9) AS newest"
        )
    };
}

const OF_SEVERAL: &str = concat!(
    ids_of!("$6"),
    " UNION ALL ",
    ids_of!("$7"),
    " UNION ALL ",
    ids_of!("$8"),
    " ORDER BY id DESC LIMIT $3 OFFSET $4"
);

/// How the database finds a page of several statuses.
pub fn plan_of_several(batch: &mut Batch<'_, '_>) -> Result<String, Error> {
    let priority: Option<&str> = None;
    let below = RunId::from_bytes([u8::MAX; 16]);
    let args = args![
        "job",
        priority,
        10,
        10,
        priority,
        "held",
        "scheduled",
        "queued",
        20,
        &below
    ];
    batch.tx.plan(OF_SEVERAL, args)
}

fn page(
    read: &mut Read<'_, '_>,
    filter: &Filter,
    status: Option<Status>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Run>, Error> {
    const ALL: &str = select!("");
    const OF_STATUS: &str = select!("AND status = $6");
    const OF_NAME: &str = select!("AND name = $6");
    const OF_BOTH: &str = select!("AND name = $6 AND status = $7");
    let kind = filter.kind.as_str();
    let priority: Value<'_> = filter.priority.map(Priority::as_str).into();
    let (tx, below) = (&mut *read.tx, &filter.below);
    match (&filter.name, status.map(Status::as_str)) {
        (None, None) => tx.all(ALL, args![kind, priority, limit, offset, below], row::read),
        (None, Some(status)) => tx.all(
            OF_STATUS,
            args![kind, priority, limit, offset, below, status],
            row::read,
        ),
        (Some(name), None) => tx.all(
            OF_NAME,
            args![kind, priority, limit, offset, below, name],
            row::read,
        ),
        (Some(name), Some(status)) => {
            let args = args![kind, priority, limit, offset, below, name, status];
            tx.all(OF_BOTH, args, row::read)
        }
    }
}
