//! What an operation needs and what rests sealed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{PlaygroundEnvironment, ServiceUrl};

/// The name under which an operation opens its [`OperationSecrets`].
pub const OWN_SECRETS: &str = "@playground";

/// What is secret about a playground, opened for one operation.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct OperationSecrets {
    /// The environment of all services.
    pub env_overrides: BTreeMap<String, String>,
    /// The environment of single services; goes before that of all.
    pub service_env: BTreeMap<String, BTreeMap<String, String>>,
    /// The values of the variables of its template.
    pub variables: BTreeMap<String, String>,
    /// Values that were generated for the playground, by their keys: they stay the same.
    pub generated: BTreeMap<String, String>,
    /// The password of `playground` for services that are not public.
    pub password: String,
    /// Logins of registries; the first that fits counts.
    pub registries: Vec<RegistryLogin>,
    /// What runs now, as the last operation that applied something left it.
    pub applied: Option<AppliedRevision>,
    /// Of `rollback`: what is to run.
    pub wanted: Option<AppliedRevision>,
}

/// A login of a registry.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RegistryLogin {
    /// Such as `ghcr` or `dockerhub`.
    pub registry_type: String,
    /// The registry's host, with its port if it has one.
    pub registry_url: String,
    /// Who logs in.
    pub username: String,
    /// The password or token.
    pub secret: String,
}

/// An applied state of a playground.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct AppliedRevision {
    /// Its number, from 1.
    pub revision: i64,
    /// The Compose document that was applied.
    pub compose_yaml: String,
    /// The image of each service, by its id.
    pub images: BTreeMap<String, String>,
    /// The commit of each service that comes from a repository.
    pub commits: BTreeMap<String, String>,
    /// Where its services were reached.
    pub urls: Vec<ServiceUrl>,
    /// Its environment.
    pub environment: PlaygroundEnvironment,
    /// As it was reported.
    #[schema(value_type = Object)]
    pub routes: Value,
}

/// Body of `POST /api/runs/{id}/generated`: values that the executor drew for keys that have none. For a key
/// that has one, that one stays.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct KeepGenerated {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// The values, by their keys.
    pub values: BTreeMap<String, String>,
}

/// `200` of `POST /api/runs/{id}/generated`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Generated {
    /// Every generated value of the playground, on disk: these are to be used.
    pub values: BTreeMap<String, String>,
}

macro_rules! without_secrets {
    ($($name:ident),+) => {$(
        /// Without what is secret.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}
without_secrets!(
    OperationSecrets,
    RegistryLogin,
    AppliedRevision,
    KeepGenerated,
    Generated
);
