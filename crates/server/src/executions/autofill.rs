//! Parameters that a credential fills in, and those that are secret. No secret is among the parameters
//! afterwards: a marker says where the executor finds it when a step needs it.

use playbook::{ParameterKind, Playbook, credential_marker};
use serde_json::{Map, Value};
use store::credentials::CredentialRow;
use wire::playbooks::OWN_CREDENTIAL;

const URLS: [&str; 2] = ["gateway_url", "url"];
const USERNAMES: [&str; 3] = ["username", "user", "gateway_username"];
const PASSWORDS: [&str; 3] = ["password", "pass", "gateway_password"];

/// What the credential has for parameters that are not supplied.
pub(super) fn filled(playbook: &Playbook, credential: &CredentialRow) -> Map<String, Value> {
    let mut filled = Map::new();
    for parameter in &playbook.parameters {
        let name = parameter.name.as_str();
        let value = if parameter.kind == ParameterKind::Credential {
            Some(credential.name.clone().into())
        } else if URLS.contains(&name) {
            credential.gateway_url.clone().map(Value::from)
        } else if USERNAMES.contains(&name) {
            Some(credential.username.clone().into())
        } else if PASSWORDS.contains(&name) {
            Some(credential_marker(&credential.name, Some("password")))
        } else {
            None
        };
        if let Some(value) = value {
            filled.insert(name.to_owned(), value);
        }
    }
    filled
}

/// Takes the values of secret parameters out, and leaves markers in their places.
pub(super) fn take_secrets(
    parameters: &mut Map<String, Value>,
    playbook: &Playbook,
) -> Map<String, Value> {
    let mut secrets = Map::new();
    for name in playbook.secret_parameters() {
        if let Some(value) = parameters.get_mut(name).filter(|value| value.is_string()) {
            let marker = credential_marker(OWN_CREDENTIAL, Some(name));
            secrets.insert(name.to_owned(), std::mem::replace(value, marker));
        }
    }
    secrets
}
