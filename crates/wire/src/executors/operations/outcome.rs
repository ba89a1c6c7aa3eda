//! What an operation left.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::ServiceState;
use crate::TimestampMs;

/// Body of `PUT /api/runs/{id}/outcome`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportOutcome {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// What the operation left.
    pub outcome: OperationOutcome,
}

/// What an operation left on the Docker host. Of what was not reached, nothing is reported.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct OperationOutcome {
    /// Whether `compose_yaml` runs now: it becomes a revision. False when nothing was changed, or when all
    /// changes were undone.
    pub applied: bool,
    /// Of `destroy`: whether nothing that bears the playground's labels is left.
    pub removed: bool,
    /// The Compose document that was generated. The server seals it.
    pub compose_yaml: Option<String>,
    /// The playspec's file with what Playhouse adds, before values are filled in.
    pub augmented_template: Option<String>,
    /// Every service as it is now; left out when the executor could not look.
    pub services: Option<Vec<ServiceState>>,
    /// Where services are reached.
    pub urls: Vec<ServiceUrl>,
    /// What the router needs, in the executor's own form: [`PlacedPlayground`](super::PlacedPlayground) has it
    /// again.
    #[schema(value_type = Object)]
    pub routes: Value,
    /// The merged environment. The server seals it.
    pub environment: Option<PlaygroundEnvironment>,
    /// The image of each service, by its id.
    pub images: BTreeMap<String, String>,
    /// The commit of each service that comes from a repository.
    pub commits: BTreeMap<String, String>,
    /// The plan, in the form of crate `playground`.
    #[schema(value_type = Object)]
    pub plan: Value,
    /// Images that were built or found built.
    pub builds: Vec<BuildRecord>,
    /// Checkouts of repositories.
    pub clones: Vec<BranchClone>,
    /// Services whose checkouts have changes that are in no commit.
    pub dirty: Vec<String>,
    /// Why it failed.
    pub failure: Option<OperationFailure>,
    /// What people should know although it did not fail.
    pub warnings: Vec<String>,
    /// Of `complete`: what the job came to.
    pub job: Option<JobOfPlayground>,
    /// The last lines of services that do not run any more, at most 5,000 of each.
    pub logs: Vec<ServiceLog>,
}

/// Without what is secret.
impl std::fmt::Debug for OperationOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperationOutcome")
            .field("applied", &self.applied)
            .field("removed", &self.removed)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// Where a service is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ServiceUrl {
    /// The service.
    pub name: String,
    /// `dynamic` or `static`.
    #[serde(rename = "type")]
    pub kind: String,
    /// With scheme, host and port.
    pub url: String,
    /// `external` or `internal`.
    pub visibility: String,
    /// Whether a password is asked for.
    pub auth_required: bool,
}

/// An environment and where its values come from: all services' together, or one's.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlaygroundEnvironment {
    /// The values, by their names.
    pub merged: BTreeMap<String, String>,
    /// The same with their sources.
    pub metadata: BTreeMap<String, EnvironmentValue>,
    /// Names that nothing overrides.
    pub system_keys: Vec<String>,
    /// Names of generated secrets.
    pub generated_keys: Vec<String>,
    /// The environment of each service.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(no_recursion)]
    pub services: BTreeMap<String, PlaygroundEnvironment>,
}

/// Only its names.
impl std::fmt::Debug for PlaygroundEnvironment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.merged.keys()).finish()
    }
}

/// A value and where it comes from.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct EnvironmentValue {
    /// The value.
    pub value: String,
    /// `default`, `override`, `service` or `system`.
    pub source: String,
}

/// An image that an operation built, or found built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct BuildRecord {
    /// The service.
    pub service_name: String,
    /// The branch.
    pub branch: Option<String>,
    /// The commit.
    pub commit_sha: Option<String>,
    /// `pending`, `building`, `success` or `failed`.
    pub status: String,
    /// The image's tag.
    pub image_ref: Option<String>,
    /// What tells it from other builds.
    pub build_identity_digest: String,
    /// The Dockerfile in the repository.
    pub build_dockerfile_path: Option<String>,
    /// The stage of the Dockerfile.
    pub build_target: Option<String>,
    /// Whether it was there already.
    pub reused: bool,
    /// The last lines of the build.
    pub logs: Vec<String>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A checkout of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct BranchClone {
    /// The services that use it.
    pub services: Vec<String>,
    /// The repository, without a login.
    pub repo_url: String,
    /// The branch.
    pub branch: String,
    /// The commit that is checked out.
    pub commit_sha: Option<String>,
    /// `cloned`, `updated`, `unchanged`, `dirty` or `failed`.
    pub status: String,
    /// Why it failed.
    pub error_message: Option<String>,
}

/// Why an operation failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct OperationFailure {
    /// Such as `image_pull_not_found`; see crate `playground`.
    pub category: String,
    /// The phase in which it failed.
    pub step: Option<String>,
    /// What happened, for people.
    pub message: String,
    /// The service that it is about.
    pub failed_service: Option<String>,
    /// What was waited for, such as `healthy`.
    pub failed_condition: Option<String>,
    /// Which service waited for the failed one.
    pub dependency_hint: Option<String>,
    /// The last lines of the failed service or command.
    pub lines: Vec<String>,
    /// What can be done.
    pub next_actions: Vec<String>,
    /// Whether everything is as it was before the operation.
    pub undone: bool,
}

/// What a playground in job mode came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct JobOfPlayground {
    /// Whether there is a watched service, and all exited with 0.
    pub success: bool,
    /// The exit code of the first watched service that failed; 0 when none did.
    pub exit_code: Option<i64>,
    /// When the last of them exited, as Docker says; the server's time counts.
    pub completed_at: Option<TimestampMs>,
    /// The exit code of each watched service.
    pub service_results: BTreeMap<String, Option<i64>>,
}

/// The last lines of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ServiceLog {
    /// The service.
    pub service: String,
    /// Its lines, oldest first.
    pub lines: Vec<String>,
}
