//! Expressions and full templates, by minijinja, with a limit on their work.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::LazyLock,
};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value as Dynamic, value::Serde};
use serde_json::Value;

use super::{RenderProblem, Scope, scan::ROOTS, scope::Referent};

/// How many instructions one expression or text may take.
const FUEL: u64 = 200_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.remove_global("debug");
    environment
});

/// An expression without the braces that an author may put around it.
pub(super) fn bare(expression: &str) -> &str {
    let trimmed = expression.trim();
    let inside = trimmed
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"));
    inside
        .filter(|inside| !inside.contains("}}"))
        .unwrap_or(trimmed)
        .trim()
}

pub(super) fn compiles(expression: &str) -> bool {
    ENVIRONMENT.compile_expression(expression).is_ok()
}

/// Why a text is no expression.
pub(crate) fn check_expression(expression: &str) -> Result<(), RenderProblem> {
    let compiled = ENVIRONMENT.compile_expression(bare(expression));
    compiled.map(drop).map_err(|error| problem(&error))
}

/// The names that an expression refers to, with the paths behind them.
pub(super) fn names_in(expression: &str) -> Vec<String> {
    let Ok(compiled) = ENVIRONMENT.compile_expression(expression) else {
        return Vec::new();
    };
    let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
    names.sort();
    names
}

/// The value of an expression.
pub(super) fn evaluate(expression: &str, scope: &Scope<'_>) -> Result<Value, RenderProblem> {
    let compiled = ENVIRONMENT
        .compile_expression(expression)
        .map_err(|error| problem(&error))?;
    let names = compiled.undeclared_variables(true);
    let (context, missing) = context(&names, scope)?;
    let value = match compiled.eval(context) {
        Ok(value) if value.is_undefined() => {
            return Err(missing.unwrap_or_else(|| RenderProblem::new("it has no value")));
        }
        Ok(value) => value,
        Err(error) if error.kind() == ErrorKind::UndefinedError => {
            return Err(missing.unwrap_or_else(|| problem(&error)));
        }
        Err(error) => return Err(problem(&error)),
    };
    serde_json::to_value(&value).map_err(|error| RenderProblem::new(error.to_string()))
}

/// A text of full Jinja.
pub(super) fn render(text: &str, scope: &Scope<'_>) -> Result<String, RenderProblem> {
    let template = ENVIRONMENT
        .template_from_str(text)
        .map_err(|error| problem(&error))?;
    let names = template.undeclared_variables(true);
    let (context, missing) = context(&names, scope)?;
    template
        .render(context)
        .map_err(|error| match (error.kind(), missing) {
            (ErrorKind::UndefinedError, Some(missing)) => missing,
            _ => problem(&error),
        })
}

fn dynamic(value: impl serde::Serialize) -> Dynamic {
    Dynamic::from(Serde(value))
}

pub(super) fn is_true(value: &Value) -> bool {
    dynamic(value).is_true()
}

fn problem(error: &minijinja::Error) -> RenderProblem {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    RenderProblem::new(match error.kind() {
        ErrorKind::OutOfFuel => "it takes too long".to_owned(),
        _ => detail,
    })
}

/// The values that an expression refers to, and why the first of those that are not there is not.
fn context(
    names: &HashSet<String>,
    scope: &Scope<'_>,
) -> Result<(BTreeMap<String, Dynamic>, Option<RenderProblem>), RenderProblem> {
    let mut roots: BTreeMap<&str, BTreeMap<String, Dynamic>> = BTreeMap::new();
    let mut context = BTreeMap::new();
    let mut missing = None;
    let sorted: BTreeSet<&String> = names.iter().collect();
    for name in sorted {
        let path: Vec<&str> = name.split('.').collect();
        let is_root = ROOTS.contains(&path[0]) && scope.value(path[0]).is_none();
        let depth = if is_root { 2 } else { 1 };
        let values = if is_root {
            roots.entry(path[0]).or_default()
        } else {
            &mut context
        };
        if path.len() < depth {
            values.extend(whole(path[0], scope)?);
            continue;
        }
        let last = path[depth - 1].to_owned();
        match scope.find(&path[..depth]) {
            Ok(Referent::Value(value)) => drop(values.insert(last, dynamic(value.as_ref()))),
            Ok(Referent::Credential(fields)) => drop(values.insert(last, dynamic(&fields))),
            // The caller fetches it and tries again; a default must not take its place.
            Err(problem) if problem.missing_credential.is_some() => return Err(problem),
            Err(problem) => {
                missing.get_or_insert(problem);
                // `a.b.c | default(1)` is to work without `a.b`, and `a.b is defined` to be false.
                if path.len() > depth && !names.contains(&path[..depth].join(".")) {
                    values
                        .entry(last)
                        .or_insert_with(|| dynamic(BTreeMap::<String, ()>::new()));
                }
            }
        }
    }
    for root in ROOTS.into_iter().filter(|root| scope.value(root).is_none()) {
        let values = roots.remove(root).unwrap_or_default();
        context
            .entry(root.to_owned())
            .or_insert_with(|| Dynamic::from(values));
    }
    Ok((context, missing))
}

/// All values of a root, for an index that is computed.
fn whole(root: &str, scope: &Scope<'_>) -> Result<BTreeMap<String, Dynamic>, RenderProblem> {
    let of = |map: &serde_json::Map<String, Value>| {
        let entries = map.iter();
        entries
            .map(|(name, value)| (name.clone(), dynamic(value)))
            .collect::<BTreeMap<_, _>>()
    };
    let layers = |maps: &[&serde_json::Map<String, Value>]| {
        // The innermost is first, and counts.
        maps.iter().rev().flat_map(|map| of(map)).collect()
    };
    match root {
        "parameter" => {
            let plain = scope
                .parameters
                .iter()
                .filter(|(name, _)| !scope.credentials.contains_key(*name));
            Ok(plain
                .map(|(name, value)| (name.clone(), dynamic(value)))
                .collect())
        }
        "variable" => Ok(of(&scope.variables)),
        "step" => Ok(layers(&scope.outputs)),
        "status" => Ok(layers(&scope.statuses)),
        _ => Err(RenderProblem::new(
            "a credential must be named: `credential.NAME.field`",
        )),
    }
}
