//! What the vault has for steps: the fields of a credential, and the secret parameters of an execution.

use base64::{Engine, engine::general_purpose::STANDARD};
use engine::RunId;
use serde_json::{Map, Value};
use store::credentials::CredentialRow;
use wire::playbooks::{ExecutionInput, OWN_CREDENTIAL};

use super::Vault;

impl Vault {
    /// A credential with its password; nothing when it cannot be opened.
    pub(crate) fn fields(&self, row: CredentialRow) -> Option<Map<String, Value>> {
        let password = String::from_utf8(self.open_sealed(&row.name, &row.sealed)?).ok()?;
        let fields = [
            ("name", Some(row.name)),
            ("username", Some(row.username)),
            ("password", Some(password)),
            ("gateway_url", row.gateway_url),
            ("description", Some(row.description)),
        ];
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()));
        Some(fields.collect())
    }

    /// Seals the secret parameters of an execution, for its input.
    pub(crate) fn seal_own(&self, id: RunId, secrets: &Map<String, Value>) -> String {
        // An object of JSON values has a JSON form.
        let secrets = serde_json::to_vec(secrets).unwrap_or_default();
        STANDARD.encode(self.seal(&own_name(id), &secrets))
    }

    /// The secret parameters of an execution, from its input.
    pub(crate) fn own_parameters(&self, id: RunId, input: &[u8]) -> Option<Map<String, Value>> {
        let input: ExecutionInput = serde_json::from_slice(input).ok()?;
        let sealed = STANDARD.decode(input.sealed_parameters?).ok()?;
        serde_json::from_slice(&self.open_sealed(&own_name(id), &sealed)?).ok()
    }
}

/// No credential has such a name: what is sealed for an execution opens for no other.
fn own_name(id: RunId) -> String {
    format!("{OWN_CREDENTIAL} {id}")
}
