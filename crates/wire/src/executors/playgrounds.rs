//! What steps of executions do with playgrounds, while an executor owns the execution's lease.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    ChildRun, PartLease,
    operations::{ContainerCommand, JobOfPlayground, OperationFailure, ServiceState},
};
use crate::{
    Timestamp,
    playgrounds::{IdOrName, NewPlayground, ServiceSettings},
};

/// Body of `POST /api/runs/{id}/playgrounds`. Asked again for the same try of the same part, it is the same operation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AskPlayground {
    /// Who asks.
    #[serde(flatten)]
    pub lease: PartLease,
    /// The path of the step, for people.
    pub step: String,
    /// What is to be done.
    pub request: PlaygroundRequest,
}

/// What a step wants of a playground.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum PlaygroundRequest {
    /// Makes one. A later try of the step goes on with the one that an earlier try made.
    Create(Box<CreateRequest>),
    /// Nothing: the run is woken when there is news of it.
    Look {
        /// Its id or its name.
        playground: String,
    },
    /// Changes what is wanted of one, and what runs.
    Rollout(Box<RolloutRequest>),
    /// Destroys it, however often this is asked for; the execution may end meanwhile.
    Destroy {
        /// Its id or its name; without one, all that steps of this execution made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        playground: Option<String>,
    },
    /// Runs a command in a container of it.
    Exec(Box<ExecRequest>),
}

/// A playground to be made.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CreateRequest {
    /// As the contract has it.
    pub playground: NewPlayground,
    /// Instead of a playspec: a Compose file of the library. The playspec of its path and hash is made if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose: Option<ComposeOfLibrary>,
    /// How long it lives, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<i64>,
}

/// Without the values of its environment.
impl fmt::Debug for CreateRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreateRequest")
            .field("name", &self.playground.name)
            .finish_non_exhaustive()
    }
}

/// A Compose file of the library, as it was when the execution started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComposeOfLibrary {
    /// Its path in the library.
    pub path: String,
    /// Its SHA-256, lower case.
    pub sha256: String,
}

/// A change of a playground.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RolloutRequest {
    /// Its id or its name.
    pub playground: String,
    /// Another playspec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playspec: Option<IdOrName>,
    /// Variables of all services that are set; the others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// What is set of each service.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ServiceSettings>,
    /// The values of the template's variables, in place of those before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<BTreeMap<String, String>>,
}

/// Without the values of its environment.
impl fmt::Debug for RolloutRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RolloutRequest")
            .field("playground", &self.playground)
            .finish_non_exhaustive()
    }
}

/// A command for a container of a playground.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ExecRequest {
    /// The playground's id or its name.
    pub playground: String,
    /// What runs where.
    pub command: ContainerCommand,
    /// More variables. They rest sealed.
    pub env: BTreeMap<String, String>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: i64,
}

/// Without the values of its environment.
impl fmt::Debug for ExecRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExecRequest")
            .field("playground", &self.playground)
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

/// `200` of `POST /api/runs/{id}/playgrounds`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AskedPlayground {
    /// The operation of this try, if it has one. Its outcome has the form of an [`OperationLeft`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<ChildRun>,
    /// The playground as it is now; none when it does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playground: Option<PlaygroundOfStep>,
    /// The operation that must end first. The run is woken then, and asks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whether the operation goes on with a playground that an earlier try of the step made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// How long this try has asked, in milliseconds.
    pub age_ms: u64,
    /// Whether the execution is being cancelled: it cannot be parked.
    pub cancelled: bool,
}

/// A playground as steps see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlaygroundOfStep {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The contract's word.
    pub status: String,
    /// Whether it runs until its watched services exit.
    pub job_mode: bool,
    /// Where each service is reached through the router.
    pub urls: BTreeMap<String, String>,
    /// Its services as they were seen last.
    pub services: Vec<ServiceState>,
    /// Its Compose project.
    pub project: String,
    /// The network in which its services are.
    pub network: String,
    /// The name of its playroom.
    pub playroom: String,
    /// When its time is over.
    pub expires_at: Option<Timestamp>,
    /// Why it does not run, or what is wrong with a service.
    pub error: Option<String>,
    /// Whether its last operation has failed.
    pub operation_failed: bool,
    /// Of job mode: what it came to.
    pub job: Option<JobOfPlayground>,
}

/// What an operation that has ended left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct OperationLeft {
    /// Why it failed.
    pub error: Option<String>,
    /// The same with the service and what can be done.
    pub failure: Option<OperationFailure>,
    /// Of a rollout: what was changed.
    #[schema(value_type = Object)]
    pub plan: Value,
    /// Of a command: its exit code.
    pub exit_code: Option<i64>,
    /// Of a command: what it printed, as far as that is kept.
    pub stdout: String,
    /// Of a command: what it printed to its standard error.
    pub stderr: String,
}
