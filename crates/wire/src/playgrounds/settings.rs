//! What playspecs and playgrounds say of a service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A service as a playspec describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlayspecService {
    /// Its name in the Compose file.
    pub name: String,
    /// `static` (an image) or `dynamic` (from a repository).
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository, of a dynamic one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<String>,
    /// The credential of the vault that the repository asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_credential: Option<String>,
    /// The branch, where a playground names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The Dockerfile in the repository (default `Dockerfile`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile_path: Option<String>,
    /// The file with its default environment (default `.env.example`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_file_path: Option<String>,
    /// Where the checkout is mounted (default `/app`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// The image, of a static one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// How it is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<ExposureSettings>,
}

/// How a service is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ExposureSettings {
    /// Whether it is reached through the router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The port in the container (default 80).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Its subdomain (default its name); `@` is the root domain itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdomain: Option<String>,
    /// `external`, or `internal`: with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// Which paths: `Path`, `PathPrefix` or `PathRegexp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_rule: Option<String>,
}

/// What a playground sets for one service.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ServiceSettings {
    /// The branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_config: Option<GitConfig>,
    /// Whether it runs its image only, without the checkout mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production: Option<bool>,
    /// Its environment.
    #[serde(
        deserialize_with = "crate::shape::environment",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub env_vars: BTreeMap<String, String>,
    /// Its repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<String>,
    /// The credential of the vault that the repository asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_credential: Option<String>,
    /// Its image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// How it is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<ExposureSettings>,
    /// The same as `exposure.port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_port: Option<u16>,
    /// The same as `exposure.visibility`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_visibility: Option<String>,
    /// The same as `exposure.subdomain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdomain: Option<String>,
    /// The same as `exposure.path_rule`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_rule: Option<String>,
    /// The command that it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_command: Option<String>,
    /// The Dockerfile in the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile_path: Option<String>,
    /// The stage of the Dockerfile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_target: Option<String>,
    /// Arguments of its build.
    #[serde(
        deserialize_with = "crate::shape::environment",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub build_args: BTreeMap<String, String>,
    /// The file with its default environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_file_path: Option<String>,
    /// The path that tells whether it is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck_path: Option<String>,
    /// Ports of the host, where the playroom allows them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub port_mappings: Vec<PortMapping>,
}

/// Without the values of its environment.
impl std::fmt::Debug for ServiceSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceSettings")
            .field("git_config", &self.git_config)
            .field("production", &self.production)
            .finish_non_exhaustive()
    }
}

/// Which branch of a service's repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct GitConfig {
    /// The branch; without one, the repository's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_name: Option<String>,
    /// Of which branch a new one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_branch_name: Option<String>,
    /// Whether the branch is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_branch: Option<bool>,
}

/// A port of the host that leads into a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortMapping {
    /// The port in the container.
    pub container: u16,
    /// The port of the host.
    pub host: u16,
}
