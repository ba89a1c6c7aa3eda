//! The contract of plugin jobs (`/playground/jobs`), with our optional additions.
//!
//! A field that the contract documents is there whenever it has a value, in camel case.

mod events;
mod job;
mod plugin;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use events::{EventError, JobEvent, JobEventData};
pub use job::{
    Config, Job, JobProgress, JobResult, JobSummary, NewPluginJob, PluginError, PluginRecord,
};
pub use plugin::Plugin;

/// Every error body of `/playground`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginJobErrorBody)]
pub struct ErrorBody {
    /// What went wrong, for people.
    pub error: String,
}
