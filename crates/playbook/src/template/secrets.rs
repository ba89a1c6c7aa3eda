//! Where secrets come from: never from the playbook or the run, always from the caller, when a step needs them.

use serde_json::{Map, Value, json};

/// What the caller has fetched from the vault.
pub trait Secrets {
    /// The fields of a credential, such as `username` and `password`; nothing when it was not fetched.
    fn credential(&self, name: &str) -> Option<Map<String, Value>>;
}

/// No secrets at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn credential(&self, _name: &str) -> Option<Map<String, Value>> {
        None
    }
}

/// A parameter's value that is a credential, or one of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CredentialRef {
    pub(crate) name: String,
    pub(crate) field: Option<String>,
}

const MARKER: &str = "$credential";

/// Stands for a credential, or for one of its fields, as the value of a parameter. Templates follow it, so that
/// the input of an execution holds no secret.
#[must_use]
pub fn credential_marker(name: &str, field: Option<&str>) -> Value {
    match field {
        Some(field) => json!({ MARKER: name, "field": field }),
        None => json!({ MARKER: name }),
    }
}

impl CredentialRef {
    /// What a marker stands for.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        let name = map.get(MARKER)?.as_str()?.to_owned();
        let field = map.get("field").and_then(Value::as_str).map(str::to_owned);
        Some(Self { name, field })
    }
}
