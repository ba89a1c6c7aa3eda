//! Executors report how attempts ended.

use engine::{AttemptOutcome, Holder, RunId};
use store::runs::{Finish, Report};
use wire::{
    executors::{ResultOutcome, RunResult},
    jobs::excerpt,
};

use crate::app::App;

/// What is kept of an error message, in bytes.
const MESSAGE_LIMIT: usize = 64 * 1024;

/// What an executor says, cut to our limit.
pub(crate) fn message(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(MESSAGE_LIMIT));
    message
}

/// A report as the store takes it, cut to the limits of what is kept.
pub(crate) fn finish(app: &App, id: RunId, holder: Holder, result: RunResult) -> Finish {
    let outcome = match result.outcome {
        ResultOutcome::Completed => AttemptOutcome::Completed,
        ResultOutcome::Failed => AttemptOutcome::Failed,
        ResultOutcome::TimedOut => AttemptOutcome::TimedOut,
    };
    let error = result
        .error_message
        .filter(|_| outcome != AttemptOutcome::Completed)
        .map(message);
    Finish {
        id,
        holder,
        outcome,
        report: Report {
            stdout: excerpt(result.stdout),
            stderr: excerpt(result.stderr),
            exit_code: result.exit_code,
            error,
        },
        jitter: app.clock.jitter(),
        aging_step_ms: app.aging_step_ms(),
        now: app.now_ms(),
    }
}
