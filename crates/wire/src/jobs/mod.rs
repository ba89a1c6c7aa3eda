//! The contract of the binary job queue (`/api/v1`), with our optional additions.
//!
//! A field that the contract documents is always present in an answer (`null` when it has no
//! value). An addition is left out when it has no value.

mod admin;
mod excerpt;
mod job;
mod lease;
mod output;
mod submit;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use admin::{ExecutorInfo, Health, Stats};
pub use excerpt::{Excerpt, OUTPUT_LIMIT_BYTES, excerpt};
pub use job::{Attempt, Job, JobSummary};
pub use lease::{Beat, Claim, Ended, Finish, Holder};
pub use output::{LogEnd, LogText, Stream};
pub use submit::{
    BulkCancel, BulkCancelError, BulkCancelled, BulkSubmittedJob, EnvVariable, HashedJobFile,
    JobFile, NewJob, RetryPolicy, SecretVariable, SubmittedJob, UploadedBinary, is_program_name,
};

/// Every error body of `/api/v1`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, for people.
    pub error: String,
    /// What it is about: `field`, `job_id`, `index` and the like.
    pub context: serde_json::Map<String, serde_json::Value>,
}
