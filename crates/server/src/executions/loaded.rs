//! An execution with what is shown of it.

use std::{collections::HashMap, sync::Arc};

use engine::{Kind, Run, RunId};
use serde::Deserialize;
use store::{Read, runs::PartRow};
use wire::playbooks::StepBody;

use super::header::{Header, Headers};

/// Steps of a list and of an update.
const NEWEST: i64 = 50;
/// A body that is longer is not in an update.
const UPDATE_BODY_BYTES: i64 = 4 << 10;
/// Parts that are read at once.
const PAGE: i64 = 200;
/// A body that is longer is not shown.
const BODY_BYTES: i64 = 256 << 10;
/// What all bodies of one execution may take together.
const BODIES_BYTES: i64 = 16 << 20;

/// How much of an execution is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Every step, with what it left.
    Whole,
    /// The newest steps.
    Newest,
    /// The newest steps, without what they left.
    Listed,
}

pub(crate) struct LoadedExecution {
    pub(super) run: Run,
    pub(super) header: Arc<Header>,
    pub(super) reported: Reported,
    pub(super) error: Option<String>,
    pub(super) steps: Vec<LoadedStep>,
    /// How many steps that began are not among these.
    pub(super) omitted: i64,
}

/// A step that began.
pub(super) struct LoadedStep {
    pub(super) row: PartRow,
    /// Nothing if it is too long.
    pub(super) body: Option<StepBody>,
}

/// What the executor reported of the whole execution.
#[derive(Default, Deserialize)]
pub(super) struct Reported {
    #[serde(default)]
    pub(super) ended_steps: usize,
    #[serde(default)]
    pub(super) failures: usize,
}

/// The execution with this id; a run of another kind is none.
pub(crate) fn load(
    read: &mut Read<'_, '_>,
    headers: &Headers,
    id: RunId,
    extent: Extent,
) -> Result<LoadedExecution, store::Error> {
    let run = store::runs::run(read, id)?;
    if run.kind != Kind::Execution {
        return Err(store::Error::NotFound(id));
    }
    let header = headers.of(read, id)?;
    let reported = match store::runs::state(read, id)? {
        Some(state) => serde_json::from_slice(&state).map_err(|error| corrupt("state", &error))?,
        None => Reported::default(),
    };
    let rows = match extent {
        Extent::Whole => every(read, id)?,
        Extent::Newest => store::runs::last_parts_within(read, id, NEWEST, UPDATE_BODY_BYTES)?,
        Extent::Listed => store::runs::last_parts_within(read, id, NEWEST, 0)?,
    };
    // Parts are numbered from 1 on.
    let omitted = rows.first().map_or(0, |first| first.number - 1);
    let error = store::runs::last_error(read, &run)?;
    let steps = rows.into_iter().map(|mut row| {
        let body = std::mem::take(&mut row.body);
        let body = match body.as_slice() {
            [] => None,
            body => Some(serde_json::from_slice(body).map_err(|error| corrupt("step", &error))?),
        };
        Ok(LoadedStep { row, body })
    });
    Ok(LoadedExecution {
        steps: current(steps.collect::<Result<_, store::Error>>()?),
        run,
        header,
        reported,
        error,
        omitted,
    })
}

/// Every part; bodies as long as there is room for them.
fn every(read: &mut Read<'_, '_>, id: RunId) -> Result<Vec<PartRow>, store::Error> {
    let (mut rows, mut left) = (Vec::<PartRow>::new(), BODIES_BYTES);
    loop {
        let after = rows.last().map_or(0, |row| row.number);
        let longest = BODY_BYTES.min(left.max(0));
        let page = store::runs::parts_within(read, id, after, PAGE, longest)?;
        let is_last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
        let bodies: usize = page.iter().map(|row| row.body.len()).sum();
        left -= i64::try_from(bodies).unwrap_or(BODIES_BYTES);
        rows.extend(page);
        if is_last {
            return Ok(rows);
        }
    }
}

fn corrupt(what: &str, error: &serde_json::Error) -> store::Error {
    store::Error::Corrupt(format!("an execution's {what}: {error}"))
}

/// The parts that count: when a step at the top began again, it and all after it were done again.
fn current(parts: Vec<LoadedStep>) -> Vec<LoadedStep> {
    let mut current: Vec<LoadedStep> = Vec::with_capacity(parts.len());
    let mut top: HashMap<String, i64> = HashMap::new();
    for part in parts {
        let (name, number) = (&part.row.name, part.row.number);
        if part.row.path.is_empty()
            && let Some(before) = top.insert(name.clone(), number)
        {
            current.truncate(current.partition_point(|one| one.row.number < before));
        }
        current.push(part);
    }
    current
}
