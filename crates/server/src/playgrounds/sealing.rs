//! What of playgrounds rests sealed, and under which names.

use serde::{Serialize, de::DeserializeOwned};

use crate::{refusal::Refusal, vault::Sealer};

/// The name of the generated password of services that are not public. No variable has such a name.
pub(crate) const GENERATED_PASSWORD: &str = "@password";

/// The name that everything of a playground is sealed under: it opens for no other.
pub(crate) fn sealed_name(id: i64) -> String {
    format!("@playground {id}")
}

/// The name that the logins of a playspec are sealed under.
fn registry_name(playspec_id: i64) -> String {
    format!("@playspec {playspec_id}")
}

impl Sealer {
    /// Seals something of a playground.
    pub(crate) fn seal_of_playground(&self, id: i64, value: &impl Serialize) -> Vec<u8> {
        // Maps of strings and structs of them have a JSON form.
        let json = serde_json::to_vec(value).unwrap_or_default();
        self.seal(&sealed_name(id), &json)
    }

    /// Opens it.
    pub(crate) fn open_of_playground<T: DeserializeOwned>(
        &self,
        id: i64,
        sealed: &[u8],
    ) -> Result<T, Refusal> {
        let opened = self.open(&sealed_name(id), sealed);
        let value = opened.and_then(|json| serde_json::from_slice(&json).ok());
        value.ok_or_else(|| {
            tracing::error!(playground = id, "what is sealed cannot be opened");
            Refusal::internal("what is sealed of the playground cannot be opened")
        })
    }

    /// Seals the secret of a registry's login.
    pub(crate) fn seal_registry(&self, playspec_id: i64, secret: &str) -> Vec<u8> {
        self.seal(&registry_name(playspec_id), secret.as_bytes())
    }

    /// The secret of a registry's login.
    pub(crate) fn registry_secret(&self, playspec_id: i64, sealed: &[u8]) -> Option<String> {
        String::from_utf8(self.open(&registry_name(playspec_id), sealed)?).ok()
    }
}
