//! What an attempt came to, in the words of the contract.

use wire::executors::{OutputChunk, ResultOutcome, RunResult};

use super::Taken;
use crate::output::Held;

/// A piece of output that goes to the server before the result does.
pub(crate) struct Unsent {
    pub(crate) chunk: OutputChunk,
    pub(crate) bytes: Held,
}

/// What is to be told to the server.
pub(crate) enum PerformOutcome {
    /// The run's result, and the output that the server has not taken yet.
    Finished(Box<RunResult>, Vec<Unsent>),
    /// Unfinished because the executor ends, which was planned.
    Released,
    /// Unfinished and killed because its lease could not be renewed. Unless the server was away it may
    /// be the run itself that starves the executor, so this counts: else it would be begun again for
    /// ever.
    LeaseExpired,
    /// Unfinished because of something that this executor lacks, which another one may have.
    Abandoned(String),
    /// Nothing: the run waits, and the server knows.
    Parked,
    /// Nothing: somebody else has the run.
    Lost,
}

/// Why the executor stops a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody wants it.
    Cancelled,
    /// Its time is up.
    TimedOut,
    /// The executor ends.
    Drained,
    /// The lease could not be renewed in time.
    LeaseExpired,
    /// The lease is gone.
    Lost,
}

/// How a program ended, for a report.
pub(super) struct AttemptEnd {
    pub(super) completed: bool,
    /// Only a program has one.
    pub(super) exit_code: Option<i64>,
    pub(super) error_message: Option<String>,
    pub(super) timed_out: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl AttemptEnd {
    /// Of a program that could not be started.
    pub(super) fn not_started(reason: String) -> Self {
        Self {
            completed: false,
            exit_code: Some(-1),
            stderr: format!("{reason}\n"),
            error_message: Some(reason),
            timed_out: false,
            stdout: String::new(),
        }
    }
}

impl PerformOutcome {
    /// A run that was stopped. `ending` tells how it ended, when its end is to be told: whether its
    /// time was over, else it was cancelled.
    pub(super) fn stopped(
        taken: Taken<'_>,
        stop: Stop,
        unsent: Vec<Unsent>,
        outcome: impl FnOnce(bool) -> AttemptEnd,
    ) -> Self {
        match stop {
            Stop::Lost => Self::Lost,
            Stop::LeaseExpired => Self::LeaseExpired,
            Stop::Drained => Self::Released,
            Stop::Cancelled | Stop::TimedOut => {
                let outcome = outcome(stop == Stop::TimedOut);
                Self::ended(taken, outcome, unsent)
            }
        }
    }

    /// A program that could not be started.
    pub(super) fn not_started(taken: Taken<'_>, reason: String) -> Self {
        Self::ended(taken, AttemptEnd::not_started(reason), Vec::new())
    }

    /// A program that ended.
    pub(super) fn ended(taken: Taken<'_>, outcome: AttemptEnd, unsent: Vec<Unsent>) -> Self {
        let how = match (outcome.completed, outcome.timed_out) {
            (true, _) => ResultOutcome::Completed,
            (false, true) => ResultOutcome::TimedOut,
            (false, false) => ResultOutcome::Failed,
        };
        let result = RunResult {
            stdout: outcome.stdout,
            stderr: outcome.stderr,
            exit_code: outcome.exit_code,
            error_message: outcome.error_message,
            ..RunResult::new(taken.id, taken.token, how)
        };
        Self::Finished(Box::new(result), unsent)
    }
}
