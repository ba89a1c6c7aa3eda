//! What templates can refer to.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

use super::{NoSecrets, RenderProblem, Secrets, scan::ROOTS, secrets::CredentialRef};
use crate::{Playbook, suggest::did_you_mean};

/// What templates can refer to, at one place of an execution.
#[derive(Clone)]
pub struct Scope<'a> {
    pub(crate) parameters: Cow<'a, Map<String, Value>>,
    /// Parameters whose values are credentials or fields of credentials.
    pub(crate) credentials: Cow<'a, BTreeMap<String, CredentialRef>>,
    pub(crate) variables: Cow<'a, Map<String, Value>>,
    /// Outputs of steps by their ids, the innermost block first.
    pub(crate) outputs: Vec<&'a Map<String, Value>>,
    /// How steps ended, by their ids, the innermost block first.
    pub(crate) statuses: Vec<&'a Map<String, Value>>,
    /// What loops name, the innermost last.
    pub(crate) values: Vec<(Cow<'a, str>, Cow<'a, Value>)>,
    pub(crate) secrets: &'a dyn Secrets,
}

impl std::fmt::Debug for Scope<'_> {
    /// Without values: they may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// What a reference leads to.
pub(crate) enum Referent<'s> {
    Value(Cow<'s, Value>),
    /// A whole credential.
    Credential(Map<String, Value>),
}

impl<'a> Scope<'a> {
    /// A scope with the parameters of a playbook, after [`Playbook::resolve`].
    #[must_use]
    pub fn new(playbook: &Playbook, parameters: &'a Map<String, Value>) -> Self {
        Self {
            parameters: Cow::Borrowed(parameters),
            credentials: Cow::Owned(credential_refs(playbook, parameters)),
            variables: Cow::Owned(Map::new()),
            outputs: Vec::new(),
            statuses: Vec::new(),
            values: Vec::new(),
            secrets: &NoSecrets,
        }
    }

    /// With the variables of the playbook.
    #[must_use]
    pub fn with_variables(mut self, variables: &'a Map<String, Value>) -> Self {
        self.variables = Cow::Borrowed(variables);
        self
    }

    /// With outputs of steps, by their ids.
    #[must_use]
    pub fn with_outputs(mut self, outputs: &'a Map<String, Value>) -> Self {
        self.outputs.insert(0, outputs);
        self
    }

    /// With what was fetched from the vault.
    #[must_use]
    pub fn with_secrets(mut self, secrets: &'a dyn Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// With further names, which hide others.
    #[must_use]
    pub fn with_values(mut self, values: &'a Map<String, Value>) -> Self {
        let values = values.iter();
        self.values
            .extend(values.map(|(name, value)| (Cow::from(name), Cow::Borrowed(value))));
        self
    }

    /// All variables of the playbook.
    #[must_use]
    pub fn variables(&self) -> &Map<String, Value> {
        &self.variables
    }

    /// What the names of a reference lead to.
    pub(crate) fn find(&self, names: &[&str]) -> Result<Referent<'_>, RenderProblem> {
        let (first, rest) = names
            .split_first()
            .ok_or_else(|| RenderProblem::new("an empty reference"))?;
        if let Some(value) = self.value(first) {
            return walk(value, first, rest).map(borrowed);
        }
        match (*first, rest) {
            (name, []) => self.parameter(name, &[]),
            ("parameter", [name, path @ ..]) => self.parameter(name, path),
            ("variable", [name, path @ ..]) => {
                let value = self.variables.get(*name).ok_or_else(|| {
                    let hint = did_you_mean(name, self.variables.keys().map(String::as_str));
                    RenderProblem::new(format!("no variable `{name}` is set{hint}"))
                })?;
                walk(value, &format!("variable `{name}`"), path).map(borrowed)
            }
            ("step", [id, path @ ..]) => {
                walk(self.output(id)?, &format!("step `{id}`"), path).map(borrowed)
            }
            ("status", [id]) => {
                let status = self.statuses.iter().find_map(|statuses| statuses.get(*id));
                let status = status.ok_or_else(|| {
                    RenderProblem::new(format!("step `{id}` has not ended yet, or does not exist"))
                })?;
                Ok(Referent::Value(Cow::Borrowed(status)))
            }
            ("credential", [name, path @ ..]) => self.credential(name, path),
            (name, path) if self.has_parameter(name) => self.parameter(name, path),
            (name, _) => {
                let roots = ROOTS.join(", ");
                let known = ROOTS
                    .into_iter()
                    .chain(self.parameters.keys().map(String::as_str));
                let hint = did_you_mean(name, known);
                let message = format!("`{name}` is neither a parameter nor one of {roots}{hint}");
                Err(RenderProblem::new(message))
            }
        }
    }

    /// What a loop calls so.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        let found = self.values.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_ref())
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.parameters.contains_key(name) || self.credentials.contains_key(name)
    }

    fn parameter(&self, name: &str, path: &[&str]) -> Result<Referent<'_>, RenderProblem> {
        if let Some(CredentialRef { name, field }) = self.credentials.get(name) {
            let path: Vec<&str> = field
                .iter()
                .map(String::as_str)
                .chain(path.iter().copied())
                .collect();
            return self.credential(name, &path);
        }
        let value = self.parameters.get(name).ok_or_else(|| {
            let locals = self.values.iter().map(|(name, _)| name.as_ref());
            let hint = did_you_mean(
                name,
                self.parameters.keys().map(String::as_str).chain(locals),
            );
            RenderProblem::new(format!("there is no parameter `{name}`{hint}"))
        })?;
        walk(value, &format!("parameter `{name}`"), path).map(borrowed)
    }

    fn output(&self, id: &str) -> Result<&Value, RenderProblem> {
        if let Some(output) = self.outputs.iter().find_map(|outputs| outputs.get(id)) {
            return Ok(output);
        }
        let ended = self
            .statuses
            .iter()
            .find_map(|statuses| statuses.get(id))
            .and_then(Value::as_str);
        let message = match ended {
            Some(stage) => format!("step `{id}` has no output: it is {stage}"),
            None => {
                let ids = self.outputs.iter().flat_map(|outputs| outputs.keys());
                let hint = did_you_mean(id, ids.map(String::as_str));
                format!("step `{id}` has no output yet, or does not exist{hint}")
            }
        };
        Err(RenderProblem::new(message))
    }

    fn credential(&self, name: &str, path: &[&str]) -> Result<Referent<'_>, RenderProblem> {
        let fields = self.secrets.credential(name).ok_or_else(|| RenderProblem {
            message: format!("there is no credential `{name}`"),
            missing_credential: Some(name.to_owned()),
        })?;
        let Some((field, rest)) = path.split_first() else {
            return Ok(Referent::Credential(fields));
        };
        match fields.get(*field) {
            Some(value) if !value.is_null() => {
                let value = walk(value, &format!("credential `{name}`"), rest)?;
                Ok(Referent::Value(Cow::Owned(value.clone())))
            }
            _ => {
                let hint = did_you_mean(field, fields.keys().map(String::as_str));
                Err(RenderProblem::new(format!(
                    "credential `{name}` has no `{field}`{hint}"
                )))
            }
        }
    }
}

/// The value that a path leads to within another.
fn walk<'s>(value: &'s Value, what: &str, path: &[&str]) -> Result<&'s Value, RenderProblem> {
    let mut value = value;
    for (depth, name) in path.iter().enumerate() {
        let next = match value {
            Value::Object(map) => map.get(*name),
            Value::Array(items) => name
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index)),
            _ => None,
        };
        value = next.ok_or_else(|| {
            let known = value
                .as_object()
                .into_iter()
                .flat_map(Map::keys)
                .map(String::as_str);
            let hint = did_you_mean(name, known);
            let place: String = path[..depth]
                .iter()
                .map(|name| format!(".{name}"))
                .collect();
            let within = if place.is_empty() {
                String::new()
            } else {
                format!(" at `{place}`")
            };
            RenderProblem::new(format!("{what} has no `{name}`{within}{hint}"))
        })?;
    }
    Ok(value)
}

fn borrowed(value: &Value) -> Referent<'_> {
    Referent::Value(Cow::Borrowed(value))
}

/// The parameters of a playbook that stand for credentials: those that name one, and markers.
pub(crate) fn credential_refs(
    playbook: &Playbook,
    parameters: &Map<String, Value>,
) -> BTreeMap<String, CredentialRef> {
    let markers = parameters.iter().filter_map(|(name, value)| {
        CredentialRef::read(value).map(|credential| (name.clone(), credential))
    });
    let mut refs: BTreeMap<String, CredentialRef> = markers.collect();
    for name in playbook.credential_parameters() {
        if let Some(credential) = parameters.get(name).and_then(Value::as_str) {
            let credential = CredentialRef {
                name: credential.to_owned(),
                field: None,
            };
            refs.insert(name.to_owned(), credential);
        }
    }
    refs
}
