//! A playbook with all that it runs: what is missing, what runs in a circle, what is not given.

use std::collections::BTreeSet;

use crate::{
    Bundle, Playbook, Problem, Step,
    progress::{MAX_DEPTH, normalized},
    suggest::did_you_mean,
    template::{Piece, pieces},
};

/// A problem of one playbook of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleProblem {
    /// The playbook's path.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

impl std::fmt::Display for BundleProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.problem)
    }
}

impl Playbook {
    /// The paths of the playbooks that its steps run, as far as no template computes them.
    #[must_use]
    pub fn runs(&self) -> Vec<String> {
        let paths: BTreeSet<String> = self.all_steps().filter_map(|step| runs(step)).collect();
        paths.into_iter().collect()
    }
}

/// The path that a step runs, if it says it without a template.
fn runs(step: &Step) -> Option<String> {
    let path = step
        .parameters
        .get("playbook")
        .filter(|_| step.kind == "playbook.run")?
        .as_str()?;
    let plain = pieces(path)
        .iter()
        .all(|piece| matches!(piece, Piece::Text(_)));
    plain.then(|| normalized(path))
}

/// What is wrong with how the playbooks of a bundle run each other: those that are missing, circles, and more
/// than eight levels are errors; parameters that do not fit are warnings.
#[must_use]
pub fn check_bundle(bundle: &Bundle) -> Vec<BundleProblem> {
    let mut found = BTreeSet::new();
    if !bundle.playbooks.contains_key(&bundle.root) {
        let problem = Problem::error(crate::Position::default(), "this playbook does not exist");
        found.insert(BundleProblem {
            path: bundle.root.clone(),
            problem,
        });
    }
    descend(
        bundle,
        &mut vec![bundle.root.clone()],
        &mut BTreeSet::new(),
        &mut found,
    );
    found.into_iter().collect()
}

/// Looks at the playbook at the end of a stack and at those that it runs. `done` has each with the depth at
/// which it was looked at: deeper ones are looked at again, because of the limit.
fn descend(
    bundle: &Bundle,
    stack: &mut Vec<String>,
    done: &mut BTreeSet<(String, usize)>,
    found: &mut BTreeSet<BundleProblem>,
) {
    let Some(path) = stack.last().cloned() else {
        return;
    };
    let Some(playbook) = bundle.playbooks.get(&path) else {
        return;
    };
    if !done.insert((path.clone(), stack.len())) {
        return;
    }
    for step in playbook.all_steps() {
        let Some(child) = runs(step) else {
            continue;
        };
        let mut report = |error: bool, message: String| {
            let message = format!("step `{}`: {message}", step.id);
            let problem = if error {
                Problem::error(step.at, message)
            } else {
                Problem::warning(step.at, message)
            };
            found.insert(BundleProblem {
                path: path.clone(),
                problem,
            });
        };
        let Some(inner) = bundle.playbooks.get(&child) else {
            let hint = did_you_mean(&child, bundle.playbooks.keys().map(String::as_str));
            report(true, format!("playbook `{child}` does not exist{hint}"));
            continue;
        };
        check_parameters(step, &child, inner, &mut report);
        if let Some(first) = stack.iter().position(|known| *known == child) {
            let circle = stack[first..].join("` runs `");
            report(
                true,
                format!("`{circle}` runs `{child}`: a playbook cannot run itself"),
            );
        } else if stack.len() > MAX_DEPTH {
            report(
                true,
                format!("playbooks run each other more than {MAX_DEPTH} levels deep"),
            );
        } else {
            stack.push(child);
            descend(bundle, stack, done, found);
            stack.pop();
        }
    }
}

fn check_parameters(
    step: &Step,
    child: &str,
    inner: &Playbook,
    report: &mut impl FnMut(bool, String),
) {
    let names = || {
        inner
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_str())
    };
    for name in step.parameters.keys().filter(|name| *name != "playbook") {
        if !names().any(|known| known == name) {
            let hint = did_you_mean(name, names());
            report(false, format!("`{child}` has no parameter `{name}`{hint}"));
        }
    }
    for parameter in inner
        .parameters
        .iter()
        .filter(|p| p.required && p.default.is_none())
    {
        if !step.parameters.contains_key(&parameter.name) {
            report(
                false,
                format!("`{child}` needs the parameter `{}`", parameter.name),
            );
        }
    }
}
