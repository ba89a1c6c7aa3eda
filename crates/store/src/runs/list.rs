//! Lists of runs.

use engine::{Class, Kind, Run, Status};

use super::row::{self, columns};
use crate::{
    Error, Read,
    seam::{Value, args},
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
    /// Only this class.
    pub class: Option<Class>,
    /// At most so many.
    pub limit: i64,
    /// Skip so many.
    pub offset: i64,
}

/// Selects the columns of a run, newest first. $1 is the kind, $2 a class or NULL, $3 and $4 are
/// limit and offset. The rest of the condition decides which index serves it.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM runs WHERE kind = $1 AND (CAST($2 AS TEXT) IS NULL OR class = $2) ",
            $condition,
            " ORDER BY id DESC LIMIT $3 OFFSET $4"
        )
    };
}

/// Runs, newest first.
///
/// # Errors
/// The database's.
pub fn list(read: &mut Read<'_, '_>, filter: &Filter) -> Result<Vec<Run>, Error> {
    if let [status] = filter.statuses[..] {
        return page(read, filter, Some(status), filter.limit, filter.offset);
    }
    if filter.statuses.is_empty() {
        return page(read, filter, None, filter.limit, filter.offset);
    }
    // Several statuses are one on the wire: take enough of each and merge.
    let enough = filter.limit.saturating_add(filter.offset);
    let mut runs = Vec::new();
    for status in &filter.statuses {
        runs.extend(page(read, filter, Some(*status), enough, 0)?);
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    let skip = usize::try_from(filter.offset)
        .unwrap_or(usize::MAX)
        .min(runs.len());
    runs.drain(..skip);
    runs.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok(runs)
}

fn page(
    read: &mut Read<'_, '_>,
    filter: &Filter,
    status: Option<Status>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Run>, Error> {
    const ALL: &str = select!("");
    const OF_STATUS: &str = select!("AND status = $5");
    const OF_NAME: &str = select!("AND name = $5");
    const OF_BOTH: &str = select!("AND name = $5 AND status = $6");
    let kind = filter.kind.as_str();
    let class: Value<'_> = filter.class.map(Class::as_str).into();
    let tx = &mut *read.tx;
    match (&filter.name, status.map(Status::as_str)) {
        (None, None) => tx.all(ALL, args![kind, class, limit, offset], row::read),
        (None, Some(status)) => tx.all(
            OF_STATUS,
            args![kind, class, limit, offset, status],
            row::read,
        ),
        (Some(name), None) => tx.all(OF_NAME, args![kind, class, limit, offset, name], row::read),
        (Some(name), Some(status)) => {
            let args = args![kind, class, limit, offset, name, status];
            tx.all(OF_BOTH, args, row::read)
        }
    }
}
