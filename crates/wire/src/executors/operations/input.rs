//! What an operation is to do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::playgrounds::{PlayspecService, ServiceSettings};

/// The input of a run of kind `operation`. No value of an environment stands in it: those are among the
/// [`OperationSecrets`](super::OperationSecrets).
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct OperationInput {
    /// What is to be done.
    pub action: OperationAction,
    /// With which playground.
    pub playground: OperationTarget,
    /// Where its services come from.
    #[serde(default)]
    pub sources: ServiceSources,
    /// How its services are reached.
    #[serde(default)]
    pub routing: RoutingDefaults,
    /// What the playroom allows beyond the default policy: a `Policy` of crate `playground`; `null` for the
    /// default.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub policy: Value,
    /// Limits of services that set none, as crate `playground` has them; `null` for its defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub limits: Value,
    /// Of `rollback`: the revision to go back to; it is the `wanted` one among the secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// Of `create`, `rollout` and `hard_restart`: plans and changes nothing; the outcome has the plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Of `destroy`: does nothing while a checkout has changes that are in no commit; the outcome names those
    /// in `dirty`. Set when the playground's time is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unless_dirty: bool,
    /// Of `exec`: what runs where. Its variables are the `env_overrides` among the secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<ContainerCommand>,
    /// Credentials of the vault that the operation may open, by their names.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub credentials: BTreeSet<String>,
    /// Which versions of what is wanted it applies, of the playground and of the playspec; for the server alone.
    #[serde(default)]
    pub versions: (i64, i64),
    /// What the server sealed; for the server alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationAction {
    /// Provisions: clones, builds, pulls, generates, starts. Goes on with what an earlier one left.
    #[default]
    Create,
    /// Changes what differs from the wanted state, and leaves the rest running.
    Rollout,
    /// Removes all containers, and provisions again; images are pulled again.
    HardRestart,
    /// Stops all containers, and keeps them.
    Stop,
    /// Starts the containers that were stopped.
    Start,
    /// Applies an earlier revision.
    Rollback,
    /// Of a playground in job mode: stores exit codes and logs after all watched services exited, then removes
    /// the containers.
    Complete,
    /// Removes everything that bears the playground's labels; volumes too, unless they persist.
    Destroy,
    /// Runs a command in a container. It does not count as the playground's last operation.
    Exec,
}

impl OperationAction {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Rollout,
        Self::HardRestart,
        Self::Stop,
        Self::Start,
        Self::Rollback,
        Self::Complete,
        Self::Destroy,
        Self::Exec,
    ];

    /// The one with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }

    /// Whether it can say what it would do, and do nothing.
    #[must_use]
    pub fn can_plan(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Rollout | Self::HardRestart | Self::Rollback
        )
    }

    /// Whether it goes on from containers that run: one that sleeps is woken first.
    #[must_use]
    pub fn needs_containers(self) -> bool {
        matches!(self, Self::Rollout | Self::Rollback)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Rollout => "rollout",
            Self::HardRestart => "hard_restart",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Rollback => "rollback",
            Self::Complete => "complete",
            Self::Destroy => "destroy",
            Self::Exec => "exec",
        }
    }
}

/// A command in a container of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ContainerCommand {
    /// The service.
    pub service: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Who runs it; the container's own user if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where; the container's own directory if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The names of variables whose values may be in nothing that it prints.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub secret_env: BTreeSet<String>,
}

/// The playground of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OperationTarget {
    /// Its id: the label `playhouse.playground`.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its Compose project: the label `playhouse.project`.
    pub project: String,
    /// The label `playhouse.owner` of everything that it makes; what bears another one is another's.
    pub owner: String,
    /// The name of its playroom, as the executor registered it.
    pub playroom: String,
    /// The playroom's id.
    pub playroom_id: i64,
    /// Its playspec's id.
    pub playspec_id: i64,
    /// Whether it runs until its watched services exit.
    #[serde(default)]
    pub job_mode: bool,
    /// Of job mode: the services that are waited for; empty for all that are built from a repository, or all
    /// if none is.
    #[serde(default)]
    pub watched_services: Vec<String>,
    /// Whether its volumes outlive it. They have the prefix `pv-{playspec_id}-{playroom_id}` then.
    #[serde(default)]
    pub persist_volumes: bool,
    /// Its containers are stopped after so many seconds without a request, until the next one; 0 for never.
    #[serde(default)]
    pub sleep_after_seconds: u32,
}

/// Where the services of a playground come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceSources {
    /// The Compose file of the playspec.
    pub compose_yaml: String,
    /// Where the Compose file is in the repository, if it comes from there instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose_path: Option<String>,
    /// The repository of `compose_path`, and of services that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<String>,
    /// The services as the playspec describes them.
    #[serde(default)]
    pub playspec_services: Vec<PlayspecService>,
    /// What the playground sets for each service, by its name; goes before what the playspec says, which goes
    /// before the labels of the Compose file. `env_vars` are left out.
    #[serde(default)]
    pub services: BTreeMap<String, ServiceSettings>,
    /// Merged under the keys `build` of services, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub build_overrides: BTreeMap<String, serde_json::Map<String, Value>>,
    /// Only these services; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_services: Vec<String>,
    /// Not these services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except_services: Vec<String>,
    /// Files that are mounted into services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounted_files: Vec<MountedFile>,
}

/// A file that is mounted into services: `GET /api/v1/binaries/{sha256}` has its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MountedFile {
    /// Its SHA-256, lower case.
    pub sha256: String,
    /// How many bytes it has.
    pub size: i64,
    /// Its name when it was uploaded.
    pub name: String,
    /// Where it is in the containers, absolute.
    pub mount_path: String,
    /// In which services; empty for all.
    #[serde(default)]
    pub target_services: Vec<String>,
    /// Whether it cannot be written.
    pub readonly: bool,
}

/// How the services of a playground are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingDefaults {
    /// What stands after the subdomain; without one, the executor's own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_domain: Option<String>,
    /// Subdomains of services, by their names: they go before all others.
    #[serde(default)]
    pub service_subdomains: BTreeMap<String, String>,
}
