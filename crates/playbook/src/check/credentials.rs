//! The credentials that an execution can need, as far as playbooks and parameters name them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    Bundle, Playbook, Reference, Step, references, step_type,
    template::{Piece, credential_refs, expression_references, pieces},
};

impl Playbook {
    /// The credentials that its steps name: in templates, and as defaults of credential parameters.
    #[must_use]
    pub fn credentials(&self) -> BTreeSet<String> {
        let steps = self.all_steps().flat_map(|step| referred(step));
        let named = steps.filter(|reference| reference.root == "credential");
        let named = named.filter_map(|reference| reference.path.into_iter().next());
        let defaults = self.parameters.iter().filter_map(|parameter| {
            let is_credential = self
                .credential_parameters()
                .any(|name| name == parameter.name);
            let default = parameter.default.as_ref().and_then(Value::as_str)?;
            is_credential.then(|| default.to_owned())
        });
        named.chain(defaults).collect()
    }
}

impl Bundle {
    /// The credentials that an execution with these parameters, after [`Playbook::resolve`], can need. What a
    /// template computes while it runs is not among them.
    #[must_use]
    pub fn credentials(&self, parameters: &Map<String, Value>) -> BTreeSet<String> {
        let playbooks = || self.playbooks.values();
        let declared: BTreeSet<&str> = playbooks()
            .flat_map(|playbook| playbook.credential_parameters())
            .collect();
        let mut names: BTreeSet<String> = playbooks()
            .flat_map(|playbook| playbook.credentials())
            .collect();
        for step in playbooks().flat_map(|playbook| playbook.all_steps()) {
            let passed = step.parameters.iter();
            let passed = passed.filter(|(name, _)| {
                step.kind == "playbook.run" && declared.contains(name.as_str())
            });
            names.extend(passed.filter_map(|(_, value)| literal(value)));
        }
        if let Some(root) = self.playbooks.get(&self.root) {
            let given = credential_refs(root, parameters);
            names.extend(given.into_values().map(|credential| credential.name));
        }
        names
    }
}

/// What the parameters of a step refer to.
pub(crate) fn referred(step: &Step) -> Vec<Reference> {
    let kind = step_type(&step.kind);
    let expression = |name: &str| {
        let parameter = kind.and_then(|kind| kind.parameter(name));
        parameter.is_some_and(|parameter| parameter.kind == "expression")
    };
    let of = |(name, value): (&String, &Value)| {
        let mut found = references(value);
        if expression(name) {
            let texts = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            let texts = texts.iter().filter_map(Value::as_str);
            found.extend(texts.flat_map(expression_references));
        }
        found
    };
    step.parameters.iter().flat_map(of).collect()
}

/// A text without templates.
fn literal(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let plain = pieces(text)
        .iter()
        .all(|piece| matches!(piece, Piece::Text(_)));
    plain.then(|| text.to_owned())
}
