//! Results of attempts for new runs, in one request that is one commit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ClaimedRun;

/// Body of `POST /api/executors/{executor}/exchange`: finishes attempts and claims runs. Both are on disk,
/// in one commit, when it is answered.
///
/// A request with results never waits: it is answered after its commit, with the runs that were ready by
/// then. One without results waits for runs as long as the claim says.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Exchange {
    /// The ends of attempts, at most 1,000. Each is accepted or refused by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<RunResult>,
    /// Which runs the executor wants, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimRuns>,
}

/// Which runs an executor wants.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ClaimRuns {
    /// The address that it gives; not checked.
    #[serde(default)]
    pub executor_ip: String,
    /// Which kinds of runs it wants: `job`, `plugin_job`. Of plugin jobs it gets those whose plugins it has
    /// registered, of jobs those whose requirements it has registered.
    pub kinds: Vec<String>,
    /// Wait so long for a run, 0 to 60 seconds (default 0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 60)]
    pub wait_seconds: Option<f64>,
    /// Take up to so many runs, 1 to 1,000 (default 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub max: Option<u32>,
}

/// The end of one attempt.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunResult {
    /// The run.
    pub run_id: String,
    /// The token of the lease.
    pub token: i64,
    /// How the attempt ended.
    pub outcome: ResultOutcome,
    /// Standard output; the server keeps head and tail of at most 1 MiB.
    #[serde(default, deserialize_with = "crate::shape::printed")]
    pub stdout: String,
    /// Standard error; the server keeps head and tail of at most 1 MiB.
    #[serde(default, deserialize_with = "crate::shape::printed")]
    pub stderr: String,
    /// Exit code, if a program ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Why it did not complete.
    #[serde(
        default,
        deserialize_with = "crate::shape::optional_printed",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_message: Option<String>,
}

impl RunResult {
    /// The end of an attempt of which nothing else is reported.
    #[must_use]
    pub fn new(run_id: &str, token: i64, outcome: ResultOutcome) -> Self {
        Self {
            run_id: run_id.to_owned(),
            token,
            outcome,
            stdout: String::new(),
            stderr: String::new(),
            exit_code: None,
            error_message: None,
        }
    }

    /// Whether the work is done.
    #[must_use]
    pub fn completed(&self) -> bool {
        self.outcome == ResultOutcome::Completed
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultOutcome {
    /// The work is done.
    Completed,
    /// The work failed.
    Failed,
    /// The executor stopped the work because its time was over.
    TimedOut,
}

/// `200` of `POST /api/executors/{executor}/exchange`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Exchanged {
    /// One for each result, in the same order.
    #[serde(default)]
    pub results: Vec<ResultAnswer>,
    /// The runs that were claimed, each with its lease.
    #[serde(default)]
    pub runs: Vec<ClaimedRun>,
    /// How long the claim had waited at the server when the leases began: so the caller knows how much is
    /// left of them, however long the answer takes.
    #[serde(default)]
    pub waited_seconds: f64,
}

/// Whether one result was accepted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResultAnswer {
    /// The run.
    pub run_id: String,
    /// True when it is on disk (also when this is a repetition).
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
