//! Blueprints.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PlayspecService;
use crate::Timestamp;

/// A playspec in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlayspecSummary {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Whether playgrounds are made from it: then it cannot be deleted.
    pub locked: bool,
    /// Whether its volumes outlive playgrounds.
    pub persist_volumes: bool,
    /// How many playgrounds are made from it.
    pub playground_count: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A playspec.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Playspec {
    /// What lists have of it.
    #[serde(flatten)]
    pub summary: PlayspecSummary,
    /// Its Compose file.
    pub base_compose_yaml: String,
    /// Where the Compose file is in the repository, if it comes from there instead.
    pub compose_path: Option<String>,
    /// The repository of `compose_path`, and of services that name none.
    pub repo_url: Option<String>,
    /// Its services: what the Compose file has, with what is said of them.
    pub services: Vec<PlayspecService>,
    /// Files that are mounted into services.
    pub mounted_files: Vec<MountedFileView>,
    /// Logins of registries, without their secrets.
    pub credentials: Vec<RegistryCredential>,
}

/// Body of `POST /api/playspecs`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewPlayspecBody {
    /// The playspec.
    pub playspec: PlayspecChange,
}

/// Body of `PATCH /api/playspecs/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangePlayspec {
    /// What is changed.
    pub playspec: PlayspecChange,
}

/// What of a playspec is set; what is left out stays. Playgrounds get it with their next rollout or restart.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlayspecChange {
    /// Its name, at most 255 bytes; a new one needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For people, at most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its Compose file; a new one needs it, unless it has `compose_path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_compose_yaml: Option<String>,
    /// Where the Compose file is in the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_path: Option<String>,
    /// The repository of `compose_path`, and of services that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<String>,
    /// Whether its volumes outlive playgrounds (default no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persist_volumes: Option<bool>,
    /// What is said of its services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<PlayspecService>>,
}

/// A file that is mounted into services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MountedFileView {
    /// Its id.
    pub id: i64,
    /// Its name when it was uploaded.
    pub name: String,
    /// Where it is in the containers.
    pub mount_path: String,
    /// In which services; empty for all.
    pub target_services: Vec<String>,
    /// Whether it cannot be written.
    pub readonly: bool,
    /// How many bytes it has.
    pub size: i64,
    /// Its SHA-256.
    pub sha256: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Body of `PATCH /api/playspecs/{id}/update_mounted_file`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ChangeMountedFile {
    /// The file's id.
    #[serde(alias = "mounted_file_id")]
    pub id: i64,
    /// Where it is in the containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_path: Option<String>,
    /// In which services; empty for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_services: Option<Vec<String>>,
    /// Whether it cannot be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readonly: Option<bool>,
}

/// A login of a registry, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistryCredential {
    /// Its id.
    pub id: i64,
    /// Such as `ghcr`.
    pub registry_type: String,
    /// The registry's host.
    pub registry_url: String,
    /// Who logs in.
    pub username: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Body of `POST /api/playspecs/{id}/add_registry_credential`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewRegistryCredential {
    /// Such as `ghcr` or `dockerhub` (default `custom`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_type: Option<String>,
    /// The registry's host, with its port if it has one.
    pub registry_url: Option<String>,
    /// Who logs in.
    pub username: Option<String>,
    /// The password or token; never answered.
    pub secret: Option<String>,
}

/// Without what is secret.
impl std::fmt::Debug for NewRegistryCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewRegistryCredential")
            .field("registry_url", &self.registry_url)
            .finish_non_exhaustive()
    }
}
