//! Credentials of the vault.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::Timestamp;

/// The name of a credential that an execution has for itself: its secret parameters, by their names.
pub const OWN_CREDENTIAL: &str = "@parameters";

/// `200` of `GET /api/credentials`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CredentialList {
    /// Every credential, by name.
    pub credentials: Vec<CredentialInfo>,
}

/// A credential without its password, which is never answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialInfo {
    /// Names it.
    pub name: String,
    /// Who logs in.
    pub username: String,
    /// Where, if it is for one gateway.
    pub gateway_url: Option<String>,
    /// For people.
    pub description: Option<String>,
}

/// Body of `POST /api/credentials` and `PUT /api/credentials/{name}`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct NewCredential {
    /// Names it; a `PUT` may leave it out.
    #[serde(default)]
    pub name: String,
    /// Who logs in.
    #[serde(default)]
    pub username: String,
    /// The password; a `PUT` without one keeps the old one.
    #[serde(default)]
    pub password: Option<String>,
    /// Where, if it is for one gateway.
    #[serde(default)]
    pub gateway_url: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
}

/// `200` of a change to a credential.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedCredential {
    /// For people.
    pub message: String,
    /// The credential.
    pub name: String,
}

/// What of the uses of a credential is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsesQuery {
    /// At most so many, up to 1000 [default: 50].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Only those with a lower number: `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
}

/// `200` of `GET /api/credentials/{name}/uses`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CredentialUses {
    /// Newest first.
    pub uses: Vec<CredentialUse>,
    /// `before` of the next page; `null` at the end.
    pub next: Option<i64>,
    /// The playbooks of the library whose text names it.
    pub playbooks: Vec<String>,
}

/// One use of a credential.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CredentialUse {
    /// The number of its line in the audit.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// The execution that used it.
    pub execution_id: String,
    /// The step, with the steps that it is nested in; empty when an attempt went on after an earlier one, and
    /// asked for it in order not to show it.
    pub step: String,
    /// The executor that performed it.
    pub executor: String,
    /// `ok`, or `refused` when neither the playbook nor its parameters name the credential.
    pub outcome: String,
}

/// Body of `POST /api/runs/{id}/credentials`: an executor needs a credential for a step.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UseCredential {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// Which credential; `@parameters` is what the execution has for itself.
    pub name: String,
    /// The step that needs it.
    #[serde(default)]
    pub step: String,
}

/// `200` of `POST /api/runs/{id}/credentials`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct OpenedCredential {
    /// Its fields: `name`, `username`, `password`, `gateway_url` and `description`, or the secret parameters.
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

/// Without what is secret.
impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCredential")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Without what is secret.
impl std::fmt::Debug for OpenedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedCredential").finish_non_exhaustive()
    }
}
