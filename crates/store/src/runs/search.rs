//! Pages of runs of every kind, newest first. One index leads through each page, from the id where the page
//! before it ended; what that index does not know is checked run by run, of a bounded number of runs. So a
//! page costs the same among a thousand runs and among a million.

use std::collections::BTreeMap;

use engine::{Kind, Priority, Run, RunId, State, Status, WaitFor};

use super::row::{self, columns};
use crate::{
    Batch, Error, Read,
    driver::{Tx, Value, args},
};

/// Runs that are looked at for one page at most.
const LOOKED_AT: usize = 2_000;

/// Which runs.
#[derive(Clone, Debug)]
pub struct Search {
    /// Only these kinds; of none there is nothing.
    pub kinds: Vec<Kind>,
    /// Only these statuses; empty for all.
    pub statuses: Vec<Status>,
    /// Of the runs that wait, only those that wait for one of these; `None` for all.
    pub waits: Option<Vec<WaitFor>>,
    /// Only this name.
    pub name: Option<String>,
    /// Only this priority.
    pub priority: Option<Priority>,
    /// Only with all of these labels.
    pub labels: Vec<(String, String)>,
    /// Only with this, in lower case, in the name or in a label, or at the beginning of the id.
    pub text: Option<String>,
    /// Only children of this run.
    pub parent: Option<RunId>,
    /// Only ids from this one on.
    pub from: RunId,
    /// Only lower ids than this one.
    pub below: RunId,
    /// At most so many.
    pub limit: usize,
}

/// A run, with what its submitter calls it.
#[derive(Clone, Debug)]
pub struct FoundRun {
    /// The run.
    pub run: Run,
    /// Names and values.
    pub labels: BTreeMap<String, String>,
}

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The runs, newest first; there may be few or none although others follow.
    pub runs: Vec<FoundRun>,
    /// [`Search::below`] of the next page; none at the end.
    pub next: Option<RunId>,
}

impl Search {
    /// Every run of these kinds.
    #[must_use]
    pub fn of(kinds: Vec<Kind>, limit: usize) -> Self {
        Self {
            kinds,
            statuses: Vec::new(),
            waits: None,
            name: None,
            priority: None,
            labels: Vec::new(),
            text: None,
            parent: None,
            from: RunId::from_bytes([0; 16]),
            below: RunId::from_bytes([u8::MAX; 16]),
            limit,
        }
    }

    fn matches(&self, FoundRun { run, labels }: &FoundRun) -> bool {
        let has = |(name, value): &(String, String)| labels.get(name) == Some(value);
        let awaited = match (&self.waits, &run.state) {
            (Some(waits), State::Waiting(wait)) => waits.contains(&wait.reason),
            _ => true,
        };
        self.kinds.contains(&run.kind)
            && awaited
            && (self.statuses.is_empty() || self.statuses.contains(&run.state.status()))
            && self.name.as_ref().is_none_or(|name| *name == run.name)
            && self
                .priority
                .is_none_or(|priority| priority == run.priority)
            && self.parent.is_none_or(|parent| run.parent == Some(parent))
            && self.labels.iter().all(has)
            && self.text.as_ref().is_none_or(|text| {
                let label = |(name, value): (&String, &String)| {
                    format!("{name}={value}").to_lowercase().contains(text)
                };
                run.name.to_lowercase().contains(text)
                    || run.id.to_string().starts_with(text)
                    || labels.iter().any(label)
            })
    }

    /// The index that leads through the page.
    fn lead(&self) -> SearchPlan {
        if self.parent.is_some() {
            SearchPlan::Parent
        } else if !self.labels.is_empty() {
            SearchPlan::Label
        } else if self.name.is_some() {
            SearchPlan::Name
        } else if self.statuses.is_empty() && self.kinds.len() == Kind::ALL.len() {
            SearchPlan::Every
        } else {
            SearchPlan::Status
        }
    }
}

/// A page of runs.
pub fn search(read: &mut Read<'_, '_>, search: &Search) -> Result<Found, Error> {
    let mut found = Found::default();
    let (mut below, mut looked_at, mut wanted) = (search.below, 0, search.limit + 1);
    while looked_at < LOOKED_AT {
        let runs = candidates(read.tx, search, below, wanted)?;
        let is_last = runs.len() < wanted;
        looked_at += runs.len();
        below = runs.last().map_or(below, |run| run.id);
        for candidate in with_labels(read.tx, runs)? {
            if !search.matches(&candidate) {
                continue;
            }
            if found.runs.len() == search.limit {
                found.next = found.runs.last().map(|last| last.run.id);
                return Ok(found);
            }
            found.runs.push(candidate);
        }
        if is_last {
            return Ok(found);
        }
        wanted = (2 * wanted).min(LOOKED_AT.saturating_sub(looked_at));
    }
    found.next = Some(below);
    Ok(found)
}

/// Whether there is a run with an id from `from` on and below `below`.
pub fn is_any_in(read: &mut Read<'_, '_>, from: RunId, below: RunId) -> Result<bool, Error> {
    const ANY: &str = "SELECT id FROM runs WHERE id >= $1 AND id < $2 LIMIT 1";
    let any = read
        .tx
        .first(ANY, args![&from, &below], |row| row.run_id(0))?;
    Ok(any.is_some())
}

/// What the submitter of a run calls it.
pub fn labels(read: &mut Read<'_, '_>, id: RunId) -> Result<BTreeMap<String, String>, Error> {
    Ok(labels_of(read.tx, &[id])?.pop().unwrap_or_default())
}

fn labels_of(tx: &mut Tx<'_>, ids: &[RunId]) -> Result<Vec<BTreeMap<String, String>>, Error> {
    const LABELS: &str = "SELECT name, value FROM run_labels WHERE run_id = $1";
    let ids: Vec<[Value<'_>; 1]> = ids.iter().map(|id| [id.into()]).collect();
    let labels = tx.all_many(LABELS, &ids, |row| Ok((row.text(0)?, row.text(1)?)))?;
    Ok(labels.into_iter().map(BTreeMap::from_iter).collect())
}

fn with_labels(tx: &mut Tx<'_>, runs: Vec<Run>) -> Result<Vec<FoundRun>, Error> {
    let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
    let labels = labels_of(tx, &ids)?;
    let runs = runs.into_iter().zip(labels);
    Ok(runs.map(|(run, labels)| FoundRun { run, labels }).collect())
}

/// The index that leads through a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchPlan {
    /// The primary key.
    Every,
    /// That of a status of a kind.
    Status,
    /// That of a name.
    Name,
    /// That of a label.
    Label,
    /// That of a run's children.
    Parent,
}

/// $1 and $2 are the ids between which is looked, $3 how many are wanted. The columns of the index are
/// compared as one value and are all in the order, so that no other index serves it, whatever the statistics
/// of the database say.
macro_rules! newest {
    ([$($columns:tt)+], $table:literal, $condition:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $($columns)+,
            " FROM ",
            $table,
            " WHERE ",
            $condition,
            " ORDER BY ",
            $order,
            " LIMIT $3"
        )
    };
}

impl SearchPlan {
    fn sql(self) -> &'static str {
        match self {
            Self::Every => newest!([columns!()], "runs", "id >= $1 AND id < $2", "id DESC"),
            Self::Status => newest!(
                [columns!()],
                "runs",
                "(status, kind, id) >= ($4, $5, $1) AND (status, kind, id) < ($4, $5, $2)",
                "status DESC, kind DESC, id DESC"
            ),
            Self::Name => newest!(
                [columns!()],
                "runs",
                "(name, id) >= ($4, $1) AND (name, id) < ($4, $2)",
                "name DESC, id DESC"
            ),
            Self::Label => newest!(
                ["run_id"],
                "run_labels",
                "(name, value, run_id) >= ($4, $5, $1) AND (name, value, run_id) < ($4, $5, $2)",
                "name DESC, value DESC, run_id DESC"
            ),
            Self::Parent => newest!(
                [columns!()],
                "runs",
                "parent IS NOT NULL AND (parent, id) >= ($4, $1) AND (parent, id) < ($4, $2)",
                "parent DESC, id DESC"
            ),
        }
    }
}

/// The first `wanted` runs of the index that leads, newest first.
fn candidates(
    tx: &mut Tx<'_>,
    search: &Search,
    below: RunId,
    wanted: usize,
) -> Result<Vec<Run>, Error> {
    let plan = search.lead();
    let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
    let mut runs = |more: &[Value<'_>]| {
        let args = [args![&search.from, &below, limit], more].concat();
        tx.all(plan.sql(), &args, row::read)
    };
    match plan {
        SearchPlan::Every => runs(&[]),
        SearchPlan::Name => runs(args![search.name.as_ref()]),
        SearchPlan::Parent => runs(args![search.parent.as_ref()]),
        SearchPlan::Label => {
            let (name, value) = &search.labels[0];
            let args = args![&search.from, &below, limit, name, value];
            let ids = tx.all(plan.sql(), args, |row| row.run_id(0))?;
            let ids: Vec<[Value<'_>; 1]> = ids.iter().map(|id| [id.into()]).collect();
            let runs = tx.first_many(row::FIND, &ids, row::read)?;
            Ok(runs.into_iter().flatten().collect())
        }
        SearchPlan::Status => {
            let statuses = match search.statuses[..] {
                [] => Status::ALL,
                ref some => some,
            };
            let mut all = Vec::new();
            for kind in &search.kinds {
                for status in statuses {
                    all.extend(runs(args![status.as_str(), kind.as_str()])?);
                }
            }
            all.sort_unstable_by_key(|run| std::cmp::Reverse(run.id));
            all.truncate(wanted);
            Ok(all)
        }
    }
}

/// How the database finds the runs of a page.
pub fn search_plan(batch: &mut Batch<'_, '_>, plan: SearchPlan) -> Result<String, Error> {
    let (from, below) = (RunId::from_bytes([0; 16]), RunId::from_bytes([u8::MAX; 16]));
    let more: &[Value<'_>] = match plan {
        SearchPlan::Every => args![],
        SearchPlan::Parent => args![&from],
        SearchPlan::Name => args!["example"],
        SearchPlan::Status | SearchPlan::Label => args!["completed", "job"],
    };
    let args = [args![&from, &below, 100], more].concat();
    batch.tx.plan(plan.sql(), &args)
}
