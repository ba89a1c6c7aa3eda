//! Applied states of a playground, and how two of them differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::playgrounds::RevisionRow;
use wire::{
    executors::operations::{PlaygroundEnvironment, ServiceUrl},
    playgrounds::RevisionDiff,
};

use super::Masking;

/// Lines of a difference at most.
const LINES_LIMIT: usize = 500;

/// What every reader may see of a revision.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RevisionBody {
    pub(crate) images: BTreeMap<String, String>,
    pub(crate) commits: BTreeMap<String, String>,
    pub(crate) urls: Vec<ServiceUrl>,
    /// Which versions of what is wanted it has.
    pub(crate) versions: (i64, i64),
}

/// What rests sealed of a revision.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RevisionSecrets {
    pub(crate) compose_yaml: String,
    pub(crate) environment: PlaygroundEnvironment,
    pub(crate) routes: Value,
}

impl RevisionBody {
    pub(crate) fn of(row: &RevisionRow) -> Result<Self, store::Error> {
        serde_json::from_slice(&row.body)
            .map_err(|error| store::Error::Corrupt(format!("a revision: {error}")))
    }
}

/// How one revision differs from the one before it.
pub(crate) fn difference(
    (before, after): (&RevisionBody, &RevisionBody),
    (old, new): (&RevisionSecrets, &RevisionSecrets),
    masking: &Masking,
) -> RevisionDiff {
    let names = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<BTreeSet<_>>();
    let (had, has) = (names(&before.images), names(&after.images));
    RevisionDiff {
        added: has.difference(&had).cloned().collect(),
        removed: had.difference(&has).cloned().collect(),
        images: changed(&before.images, &after.images),
        commits: changed(&before.commits, &after.commits),
        environment: different(&old.environment.merged, &new.environment.merged),
        compose: lines(
            &masking.document(&old.compose_yaml),
            &masking.document(&new.compose_yaml),
        ),
    }
}

/// The names that both have, with other values.
fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let both = after.iter().filter(|(name, value)| {
        let old = before.get(*name);
        old.is_some_and(|old| old != *value)
    });
    both.map(|(name, _)| name.clone()).collect()
}

/// The names whose values differ, also those that one of them lacks.
fn different(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    differ.cloned().collect()
}

/// The lines that differ, in their order.
fn lines(before: &str, after: &str) -> Vec<String> {
    let changes = similar::TextDiff::from_lines(before, after);
    let mut lines: Vec<String> = changes
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| format!("{}{}", change.tag(), change.value().trim_end_matches('\n')))
        .collect();
    if lines.len() > LINES_LIMIT {
        lines.truncate(LINES_LIMIT);
        lines.push("...".to_owned());
    }
    lines
}
