//! Reads a playbook from its text.

mod control;
mod fields;
mod parameter;
mod step;

use std::collections::HashMap;

use serde_json::Map;

use self::fields::Fields;
use crate::{Playbook, Problem, yaml};

const KEYS: [&str; 13] = [
    "name",
    "version",
    "description",
    "domain",
    "group",
    "verified",
    "metadata",
    "parameters",
    "steps",
    "finally",
    "finally_timeout",
    "outputs",
    "$schema",
];

const RENAMED: [(&str, &str); 6] = [
    ("params", "parameters"),
    ("inputs", "parameters"),
    ("credentials", "parameters"),
    ("category", "metadata"),
    ("tags", "metadata"),
    ("always", "finally"),
];

/// How long `finally` steps may take together when the playbook does not say, in seconds.
const FINALLY_TIMEOUT_S: f64 = 300.0;

/// A playbook that loads, and what its author should look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The playbook.
    pub playbook: Playbook,
    /// What is odd, in the order of the text.
    pub warnings: Vec<Problem>,
}

impl Loaded {
    /// What is odd, and what [`check`](crate::check) finds.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        [self.warnings.clone(), crate::check(&self.playbook)].concat()
    }
}

/// Everything that is wrong with a text, and what is only odd.
#[must_use]
pub fn problems(text: &str) -> Vec<Problem> {
    match parse(text) {
        Err(problems) => problems,
        Ok(loaded) => loaded.problems(),
    }
}

/// Reads a playbook. It loads when the original loads it.
///
/// # Errors
/// Everything that is wrong, errors and warnings, in the order of the text; at least one is an error.
pub fn parse(text: &str) -> Result<Loaded, Vec<Problem>> {
    let node = yaml::read(text).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let playbook = playbook(&node, &mut problems);
    problems.sort();
    match playbook {
        Some(playbook) if !problems.iter().any(Problem::is_error) => Ok(Loaded {
            playbook,
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

fn playbook(node: &yaml::Node, problems: &mut Vec<Problem>) -> Option<Playbook> {
    let mut fields = Fields::new("the playbook".to_owned(), node, problems)?;
    let name = fields.required("name");
    // Any value will do, also an empty one, as in the original.
    if !fields.has("version") {
        fields.error(fields.at, "`version` is missing");
    }
    let version = fields.value("version").map(plain).unwrap_or_default();
    let mut playbook = Playbook {
        name: name.unwrap_or_default(),
        version,
        description: fields.text("description").unwrap_or_default(),
        domain: fields.text("domain"),
        group: fields.text("group"),
        verified: fields.boolean("verified"),
        metadata: fields.map("metadata").map(yaml::to_map).unwrap_or_default(),
        finally_timeout_s: fields
            .at_least("finally_timeout", 0.0)
            .unwrap_or(FINALLY_TIMEOUT_S),
        outputs: fields.map("outputs").map(yaml::to_map).unwrap_or_default(),
        ..Playbook::default()
    };
    from_metadata(&mut playbook);
    let parameters = fields.list("parameters").unwrap_or_default();
    let steps = fields.filled_list("steps").unwrap_or_default();
    let finally = fields.list("finally").unwrap_or_default();
    fields.warn_of_others(&KEYS, &RENAMED);
    playbook.parameters = parameter::read(parameters, fields.problems);
    let mut ids = HashMap::new();
    playbook.steps = step::read(steps, &mut ids, fields.problems);
    playbook.finally = step::read(finally, &mut ids, fields.problems);
    Some(playbook)
}

/// What the original's editor writes: it moves these keys into the metadata.
fn from_metadata(playbook: &mut Playbook) {
    let Playbook {
        metadata,
        domain,
        group,
        verified,
        ..
    } = playbook;
    let text = |metadata: &Map<_, _>, key: &str| metadata.get(key).cloned().map(plain);
    *domain = domain.take().or_else(|| text(metadata, "domain"));
    *group = group.take().or_else(|| text(metadata, "group"));
    *verified = verified.or_else(|| metadata.get("verified").and_then(crate::resolve::boolean));
}

/// A value as text, without the quotes of a string.
fn plain(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}
