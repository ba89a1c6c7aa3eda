//! What a failed deploy means: from the output of the compose tool and the states of containers to a category, the
//! service, and what to do next.

mod category;
mod diagnose;

use serde::{Deserialize, Serialize};

pub use category::FailureCategory;
pub use diagnose::diagnose;

/// What is known about a failed deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureEvidence {
    /// What the compose tool or the engine said, with the newest lines last.
    pub output: String,
    /// The exit code of the compose tool.
    pub exit_code: Option<i32>,
    /// It was ended because its time was over.
    pub timed_out: bool,
    /// The services as they were seen afterwards.
    pub services: Vec<ServiceState>,
}

/// A service as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// Its name.
    pub name: String,
    /// It has a running container.
    pub running: bool,
    /// The health of the container; `None` without a health check.
    pub health: Option<String>,
    /// The exit code of the container that ended.
    pub exit_code: Option<i64>,
    /// The engine ended it because it needed more memory than it may have.
    pub oom_killed: bool,
}

/// What a failed deploy means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// What kind of failure it is.
    pub category: FailureCategory,
    /// The service that failed, when it is known.
    pub failed_service: Option<String>,
    /// What it failed to be, such as `healthy` or `exit code 0`.
    pub failed_condition: Option<String>,
    /// Which services waited for it.
    pub dependency_hint: Option<String>,
    /// The line that says it best.
    pub message: String,
    /// What to do, the likeliest first; never empty.
    pub next_actions: Vec<String>,
}
