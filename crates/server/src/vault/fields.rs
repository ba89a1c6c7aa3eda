//! What the vault has for steps: the fields of a credential, and the secret parameters of an execution.

use engine::RunId;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::credentials::CredentialRow;
use wire::playbooks::OWN_CREDENTIAL;

use super::Sealer;

impl Sealer {
    /// A credential with its password; nothing when it cannot be opened.
    pub(crate) fn fields(&self, row: CredentialRow) -> Option<Map<String, Value>> {
        let password = String::from_utf8(self.open(&row.name, &row.sealed)?).ok()?;
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
        self.seal_text(&own_name(id), &secrets)
    }

    /// The secret parameters of an execution, from its input.
    pub(crate) fn own_parameters(&self, id: RunId, input: &[u8]) -> Option<Map<String, Value>> {
        let input: SealedInput = serde_json::from_slice(input).ok()?;
        let opened = self.open_text(&own_name(id), &input.sealed_parameters?)?;
        serde_json::from_slice(&opened).ok()
    }

    /// Seals the secret of a hook.
    pub(crate) fn seal_hook(&self, id: &str, secret: &str) -> String {
        self.seal_text(&hook_name(id), secret.as_bytes())
    }

    /// The secret of a hook.
    pub(crate) fn hook_secret(&self, id: &str, sealed: &str) -> Option<String> {
        String::from_utf8(self.open_text(&hook_name(id), sealed)?).ok()
    }
}

/// What the vault reads of an execution's input.
#[derive(Deserialize)]
struct SealedInput {
    sealed_parameters: Option<String>,
}

/// Nor has a credential such a name.
fn hook_name(id: &str) -> String {
    format!("@hook {id}")
}

/// No credential has such a name: what is sealed for an execution opens for no other.
fn own_name(id: RunId) -> String {
    format!("{OWN_CREDENTIAL} {id}")
}
