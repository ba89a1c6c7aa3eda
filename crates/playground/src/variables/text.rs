//! The references of a whole Compose text, with their services and lines.

use std::collections::{BTreeMap, BTreeSet};

use super::{MissingVariable, VariableError, names_of, parse, render};
use crate::blueprint::{
    BlueprintProblem,
    yaml::{self, YamlContent, YamlNode},
};

/// The variables of a Compose text that have neither a value nor a default, each once per service, in the order of
/// the text. Comments and keys are not looked at, as by the compose tool. Text that is not YAML has none.
#[must_use]
pub fn missing(text: &str, values: &BTreeMap<String, String>) -> Vec<MissingVariable> {
    let mut found: Vec<MissingVariable> = Vec::new();
    let mut seen = BTreeSet::new();
    let Ok(root) = yaml::read(text) else {
        return found;
    };
    walk(&root, None, &mut |node, text, service| {
        let Err(VariableError::Missing(names)) = render(text, values) else {
            return;
        };
        for (name, message) in names {
            if seen.insert((name.clone(), service.map(str::to_owned))) {
                found.push(MissingVariable {
                    name,
                    service: service.map(str::to_owned),
                    line: (node.at.line > 0).then_some(node.at.line),
                    message,
                });
            }
        }
    });
    found
}

/// All variables that a Compose text refers to, also in defaults.
#[must_use]
pub fn names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Ok(root) = yaml::read(text) {
        walk(&root, None, &mut |_, text, _| {
            if let Ok(pieces) = parse::parse(text) {
                names_of(&pieces, &mut names);
            }
        });
    }
    names
}

/// Calls with every text in a value, but for keys.
pub(crate) fn each_text(root: &YamlNode, visit: &mut dyn FnMut(&YamlNode, &str)) {
    walk(root, None, &mut |node, text, _| visit(node, text));
}

/// References that are not valid.
pub(crate) fn mistakes(root: &YamlNode) -> Vec<BlueprintProblem> {
    let mut problems = Vec::new();
    walk(root, None, &mut |node, text, service| {
        if let Err(message) = parse::parse(text) {
            let problem = BlueprintProblem::error(node.at, message);
            problems.push(match service {
                Some(service) => problem.of(service),
                None => problem,
            });
        }
    });
    problems
}

type Visit<'v> = dyn FnMut(&YamlNode, &str, Option<&str>) + 'v;

/// Visits all texts with the service that they stand in.
fn walk(root: &YamlNode, service: Option<&str>, visit: &mut Visit<'_>) {
    match &root.content {
        YamlContent::Text(text) => visit(root, text, service),
        YamlContent::List(items) => items.iter().for_each(|item| walk(item, service, visit)),
        YamlContent::Map(entries) => {
            for (key, value) in entries {
                if key.text == "services" && service.is_none() {
                    for (name, value) in value.entries() {
                        walk(value, Some(&name.text), visit);
                    }
                } else {
                    walk(value, service, visit);
                }
            }
        }
        YamlContent::Null | YamlContent::Plain(_) => {}
    }
}
