//! An execution with all that is shown of it.

use std::collections::HashMap;

use engine::{Kind, RunId};
use store::{
    Read,
    runs::{Details, PartRow},
};
use wire::playbooks::{ExecutionInput, StepBody};

/// Parts of one execution that are shown at most. Its run's own pages have all of them.
const PARTS_LIMIT: i64 = 2_000;

pub(crate) struct LoadedExecution {
    pub(super) details: Details,
    pub(super) input: ExecutionInput,
    pub(super) parts: Vec<LoadedStep>,
}

/// A step that began.
pub(super) struct LoadedStep {
    pub(super) row: PartRow,
    pub(super) body: StepBody,
}

/// The execution with this id; a run of another kind is none.
pub(crate) fn find(read: &mut Read<'_, '_>, id: RunId) -> Result<LoadedExecution, store::Error> {
    let mut details = store::runs::details(read, id)?;
    if details.run.kind != Kind::Execution {
        return Err(store::Error::NotFound(id));
    }
    let corrupt = |what: &str, error: serde_json::Error| {
        store::Error::Corrupt(format!("an execution's {what}: {error}"))
    };
    let input = serde_json::from_slice(&std::mem::take(&mut details.input))
        .map_err(|error| corrupt("input", error))?;
    let rows = store::runs::parts(read, id, 0, PARTS_LIMIT)?.into_iter();
    let parts = rows.map(|mut row| {
        let body = std::mem::take(&mut row.body);
        let body = serde_json::from_slice(&body).map_err(|error| corrupt("step", error))?;
        Ok(LoadedStep { row, body })
    });
    let parts = parts.collect::<Result<Vec<_>, store::Error>>()?;
    Ok(LoadedExecution {
        input,
        parts: current(parts),
        details,
    })
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
