//! The ends of attempts, many in one call.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::jobs::Finish;

/// Body of `POST /api/v1/executors/{executor_id}/results`: finishes up to 1,000 runs in one call.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Results {
    /// The results; `executor_id` of each is ignored, the path's counts.
    pub results: Vec<RunResult>,
}

/// The end of one attempt.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunResult {
    /// The run.
    pub job_id: String,
    /// True for `complete`, false for `fail`.
    pub completed: bool,
    /// The contract's finish body.
    pub finish: Finish,
}

/// `200` of `POST /api/v1/executors/{executor_id}/results`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ResultsAnswer {
    /// One for each result, in the same order.
    pub results: Vec<ResultAnswer>,
}

/// What became of one result.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResultAnswer {
    /// The run.
    pub job_id: String,
    /// True when it is on disk (also when this is a repetition).
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
