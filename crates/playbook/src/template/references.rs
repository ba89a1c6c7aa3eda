//! What a value refers to, without rendering it.

use serde_json::Value;

use super::{
    Scope, engine,
    scan::{Piece, ROOTS, pieces},
};

/// A reference in a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What it refers to: `parameter`, `variable`, `step`, `credential`, `status`, or empty for a parameter or
    /// a loop's name in the short form.
    pub root: String,
    /// The names after it; empty when an expression computes them.
    pub path: Vec<String>,
}

impl Reference {
    pub(crate) fn of(names: &[&str]) -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        match names {
            // A single name is a parameter, whatever it is called.
            [first, rest @ ..] if !rest.is_empty() && ROOTS.contains(first) => Self {
                root: (*first).to_owned(),
                path: owned(rest),
            },
            _ => Self {
                root: String::new(),
                path: owned(names),
            },
        }
    }

    /// The credential that it needs.
    pub(crate) fn credential(&self, scope: &Scope<'_>) -> Option<String> {
        let first = self.path.first()?;
        match self.root.as_str() {
            "credential" => Some(first.clone()),
            "" if scope.value(first).is_some() => None,
            "" | "parameter" => scope
                .credentials
                .get(first)
                .map(|credential| credential.name.clone()),
            _ => None,
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let root = Some(&self.root).filter(|root| !root.is_empty());
        let names: Vec<&str> = root
            .into_iter()
            .chain(&self.path)
            .map(String::as_str)
            .collect();
        f.write_str(&names.join("."))
    }
}

/// Everything that the templates in a value refer to, in order.
#[must_use]
pub fn references(value: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Reference>) {
    match value {
        Value::String(text) => {
            for piece in pieces(text) {
                match piece {
                    Piece::Text(_) => {}
                    Piece::Reference(names) => found.push(Reference::of(&names)),
                    Piece::Expression(expression) => {
                        found.extend(expression_references(expression));
                    }
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What an expression refers to, as in `when`.
pub(crate) fn expression_references(expression: &str) -> Vec<Reference> {
    let names = engine::names_in(engine::bare(expression));
    let split = names
        .iter()
        .map(|name| name.split('.').collect::<Vec<&str>>());
    split.map(|names| reference_in_expression(&names)).collect()
}

/// A root alone, as in `step[parameter.x]`, is no parameter in an expression.
fn reference_in_expression(names: &[&str]) -> Reference {
    match names {
        [root] if ROOTS.contains(root) => Reference {
            root: (*root).to_owned(),
            path: Vec::new(),
        },
        _ => Reference::of(names),
    }
}

/// The first names of what an expression refers to.
pub(crate) fn roots_of(expression: &str) -> Vec<String> {
    let names = engine::names_in(engine::bare(expression));
    let first = names
        .iter()
        .map(|name| name.split('.').next().unwrap_or_default().to_owned());
    first.collect()
}
