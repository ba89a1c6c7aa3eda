//! Lines are looked at, a page at a time.

use engine::RunId;

use super::{Outcome, Record, columns, extent, read_line};
use crate::{
    Error, Read,
    driver::{Value, args},
};

/// Numbers that one page looks at: a filter that matches little does not read the whole table. What a
/// target's lines are is known without looking at others.
const WINDOW: i64 = 50_000;

/// Which lines.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In order, those with a higher number; without it, newest first.
    pub after: Option<i64>,
    /// Newest first, those with a lower number.
    pub before: Option<i64>,
    /// Only of the actor with this id or this name.
    pub actor: Option<String>,
    /// Only this action; with `*` at its end whatever begins like it.
    pub action: Option<String>,
    /// Only acts on this; of a run also those on several.
    pub target: Option<String>,
    /// Only these.
    pub outcome: Option<Outcome>,
    /// Only from this time on, epoch milliseconds.
    pub since: Option<i64>,
    /// Only before this time, epoch milliseconds.
    pub until: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// Some lines.
#[derive(Clone, Debug)]
pub struct Page {
    /// The lines; there may be none although others follow.
    pub lines: Vec<Record>,
    /// `after` or `before`, as it was, of the next page; none at the end.
    pub next: Option<i64>,
}

/// $1 and $2 are the numbers between which is looked, themselves left out.
macro_rules! select {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM audit WHERE number > $1 AND number < $2
            AND (CAST($3 AS TEXT) IS NULL OR actor = $3 OR actor_name = $3)
            AND (CAST($4 AS TEXT) IS NULL OR action = $4)
            AND (CAST($5 AS TEXT) IS NULL OR SUBSTR(action, 1, LENGTH($5)) = $5)
            AND (CAST($6 AS TEXT) IS NULL OR outcome = $6)
            AND (CAST($7 AS BIGINT) IS NULL OR at >= $7)
            AND (CAST($8 AS BIGINT) IS NULL OR at < $8) ",
            $condition,
            " ORDER BY number ",
            $order,
            " LIMIT $9"
        )
    };
}

/// The lines of target $10; $11 is the same as the id of a run, or NULL.
macro_rules! select_of_target {
    ($order:literal) => {
        select!(
            "AND number IN (SELECT number FROM audit WHERE target = $10
                UNION SELECT number FROM audit WHERE runs IS NOT NULL
                AND target <= $10 AND last_target >= $10 AND {find_bytes}(runs, $11) > 0)",
            $order
        )
    };
}

/// A page of lines.
pub fn find(read: &mut Read<'_, '_>, filter: &Filter) -> Result<Page, Error> {
    const OLDEST_FIRST: &str = select!("", "ASC");
    const NEWEST_FIRST: &str = select!("", "DESC");
    const OLDEST_OF_TARGET: &str = select_of_target!("ASC");
    const NEWEST_OF_TARGET: &str = select_of_target!("DESC");
    let (low, high, more) = window(read, filter)?;
    let (exact, prefix) = match filter.action.as_deref() {
        Some(action) => match action.strip_suffix('*') {
            Some(prefix) => (None, Some(prefix)),
            None => (Some(action), None),
        },
        None => (None, None),
    };
    let common = args![
        low,
        high,
        filter.actor.as_ref(),
        exact,
        prefix,
        filter.outcome.map(Outcome::as_str),
        filter.since,
        filter.until,
        filter.limit.saturating_add(1),
    ];
    let ascending = filter.after.is_some();
    let mut lines = match &filter.target {
        None if ascending => read.tx.all(OLDEST_FIRST, common, read_line)?,
        None => read.tx.all(NEWEST_FIRST, common, read_line)?,
        Some(target) => {
            let run: Option<RunId> = target.parse().ok();
            let target = args![target, run.as_ref()];
            let all: Vec<Value<'_>> = common.iter().chain(target).copied().collect();
            let sql = if ascending {
                OLDEST_OF_TARGET
            } else {
                NEWEST_OF_TARGET
            };
            read.tx.all(sql, &all, read_line)?
        }
    };
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let next = if lines.len() > limit {
        lines.truncate(limit);
        lines.last().map(|line| line.number)
    } else {
        more
    };
    Ok(Page { lines, next })
}

/// The numbers between which this page looks, themselves left out, and where the next one goes on.
fn window(read: &mut Read<'_, '_>, filter: &Filter) -> Result<(i64, i64, Option<i64>), Error> {
    let extent = extent(read)?;
    let (low, high) = (extent.removed.0, extent.newest.0.saturating_add(1));
    let window = filter.target.as_ref().map_or(WINDOW, |_| i64::MAX);
    Ok(match filter.after {
        Some(after) => {
            let from = after.max(low);
            let to = from.saturating_add(window).min(high);
            (from, to, (to < high).then_some(to - 1))
        }
        None => {
            let to = filter.before.unwrap_or(high).min(high);
            let from = to.saturating_sub(window).max(low);
            (from, to, (from > low).then_some(from + 1))
        }
    })
}
