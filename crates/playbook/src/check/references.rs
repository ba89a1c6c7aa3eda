//! References of templates and conditions: does what they refer to exist, and is it there by then?

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use crate::{
    ParameterKind, Playbook, Position, Problem, Reference, Severity, Step, references, step_type,
    suggest::did_you_mean,
    template::{ROOTS, expression_references},
};

pub(super) fn check(playbook: &Playbook) -> Vec<Problem> {
    let mut checker = Checker {
        playbook,
        steps: playbook
            .all_steps()
            .map(|step| (step.id.as_str(), step))
            .collect(),
        variables: variables(playbook),
        visible: Vec::new(),
        locals: Vec::new(),
        problems: Vec::new(),
    };
    checker.sequence(&playbook.steps);
    checker.sequence(&playbook.finally);
    for (name, value) in &playbook.outputs {
        checker.no_credentials(
            &references(value),
            &format!("output `{name}`"),
            Position::default(),
        );
        checker.references(
            &references(value),
            &format!("output `{name}`"),
            Position::default(),
        );
    }
    checker.problems
}

/// The names that steps set, or nothing when a script may set any.
fn variables(playbook: &Playbook) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for step in playbook.all_steps() {
        names.extend(step.register.as_deref());
        match step.kind.as_str() {
            "utility.python" => return None,
            "utility.set_variable" => {
                let name = step.parameters.get("name").and_then(Value::as_str);
                let name = name.filter(|name| !name.contains("{{"))?;
                names.push(name);
            }
            _ => {}
        }
    }
    Some(names)
}

struct Checker<'a> {
    playbook: &'a Playbook,
    steps: HashMap<&'a str, &'a Arc<Step>>,
    variables: Option<Vec<&'a str>>,
    /// Steps that have ended when the one that is looked at begins.
    visible: Vec<&'a str>,
    /// Names of the loops around it.
    locals: Vec<&'a str>,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    /// Each step sees those before it.
    fn sequence(&mut self, steps: &'a [Arc<Step>]) {
        for step in steps {
            self.step(step);
            self.visible.push(&step.id);
        }
    }

    fn step(&mut self, step: &'a Step) {
        let what = format!("step `{}`", step.id);
        let (visible, locals) = (self.visible.len(), self.locals.len());
        if let Some(for_each) = &step.for_each {
            let items = references(&for_each.items);
            self.no_credentials(&items, &format!("{what}, `for_each`"), step.at);
            self.references(&items, &format!("{what}, `for_each`"), step.at);
            self.locals
                .extend(["item", "index", for_each.name.as_str()]);
        }
        if let Some(when) = &step.when {
            let when = expression_references(when);
            self.no_credentials(&when, &format!("{what}, `when`"), step.at);
            self.references(&when, &format!("{what}, `when`"), step.at);
        }
        let kinds = step_type(&step.kind);
        for (name, value) in &step.parameters {
            let kind = kinds
                .and_then(|step_type| step_type.parameter(name))
                .map(|p| p.kind);
            // These see names of their own, which only their step type knows.
            if !matches!(kind, Some("expression" | "template")) {
                self.references(&references(value), &what, step.at);
            }
        }
        if step.kind == "parallel" {
            step.steps.iter().for_each(|inner| self.step(inner));
        } else {
            self.sequence(&step.steps);
        }
        self.visible.truncate(visible);
        self.visible.push(&step.id);
        self.sequence(&step.rollback);
        self.visible.truncate(visible);
        self.locals.truncate(locals);
    }

    fn report(&mut self, severity: Severity, what: &str, at: Position, message: &str) {
        let message = format!("{what}: {message}");
        self.problems.push(match severity {
            Severity::Error => Problem::error(at, message),
            Severity::Warning => Problem::warning(at, message),
        });
    }

    /// Secrets are only fetched for the parameters of steps.
    fn no_credentials(&mut self, references: &[Reference], what: &str, at: Position) {
        for reference in references {
            let of_parameter = |name: &String| {
                let parameters = self.playbook.parameters.iter();
                parameters
                    .into_iter()
                    .any(|p| p.name == *name && p.kind == ParameterKind::Credential)
            };
            let is_secret = match reference.root.as_str() {
                "credential" => true,
                "" | "parameter" => reference.path.first().is_some_and(of_parameter),
                _ => false,
            };
            if is_secret {
                let message = format!(
                    "`{reference}` is a credential, which only parameters of steps can use"
                );
                self.report(Severity::Error, what, at, &message);
            }
        }
    }

    fn references(&mut self, references: &[Reference], what: &str, at: Position) {
        for reference in references {
            let Some(first) = reference.path.first() else {
                continue;
            };
            match reference.root.as_str() {
                "step" | "status" => self.step_reference(reference, first, what, at),
                "variable" => self.variable(reference, first, what, at),
                "parameter" => self.parameter(reference, first, what, at),
                "" if !self.locals.contains(&first.as_str()) => {
                    self.parameter(reference, first, what, at);
                }
                _ => {}
            }
        }
    }

    fn step_reference(&mut self, reference: &Reference, id: &str, what: &str, at: Position) {
        let Some(step) = self.steps.get(id).copied() else {
            let hint = did_you_mean(id, self.steps.keys().copied());
            let message = format!("`{reference}` refers to a step that does not exist{hint}");
            self.report(Severity::Error, what, at, &message);
            return;
        };
        if !self.visible.contains(&id) {
            let message = if self.problem_is_order(id) {
                format!("`{reference}` refers to a step that comes later")
            } else {
                format!(
                    "`{reference}` refers to a step that is inside of another one, or has not ended by then"
                )
            };
            self.report(Severity::Error, what, at, &message);
            return;
        }
        let outputs = step_type(&step.kind).map_or(&[][..], |step_type| step_type.outputs);
        let fixed = !outputs.is_empty()
            && step.for_each.is_none()
            && !matches!(step.kind.as_str(), "utility.python" | "utility.shell");
        if let (Some(key), true) = (reference.path.get(1), fixed && reference.root == "step")
            && !outputs.iter().any(|output| output.name == key)
        {
            let hint = did_you_mean(key, outputs.iter().map(|output| output.name));
            let message = format!("`{reference}`: `{}` gives no `{key}`{hint}", step.kind);
            self.report(Severity::Warning, what, at, &message);
        }
    }

    /// Whether a step that is not seen is one of the top level, or of a block around.
    fn problem_is_order(&self, id: &str) -> bool {
        let top = self.playbook.steps.iter().chain(&self.playbook.finally);
        top.into_iter().any(|step| step.id == id)
    }

    fn variable(&mut self, reference: &Reference, name: &str, what: &str, at: Position) {
        let Some(known) = self
            .variables
            .as_ref()
            .filter(|known| !known.contains(&name))
        else {
            return;
        };
        let hint = did_you_mean(name, known.iter().copied());
        let message = format!("`{reference}`: no step sets the variable `{name}`{hint}");
        self.report(Severity::Warning, what, at, &message);
    }

    fn parameter(&mut self, reference: &Reference, name: &str, what: &str, at: Position) {
        let names = || {
            self.playbook
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str())
        };
        if names().any(|known| known == name) {
            return;
        }
        let known = names().chain(self.locals.iter().copied());
        let known: Vec<&str> = match reference.path.len() {
            1 => known.collect(),
            _ => known.chain(ROOTS).collect(),
        };
        let hint = did_you_mean(name, known);
        let message = format!("`{reference}`: the parameter `{name}` is not declared{hint}");
        self.report(Severity::Warning, what, at, &message);
    }
}
