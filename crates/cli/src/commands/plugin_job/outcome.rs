//! How a plugin job ended, as an exit code and as a line for people.

use wire::plugin_jobs::Job;

use crate::{exit::Exit, table::plain};

pub(super) struct Outcome {
    pub(super) exit: Exit,
    /// Such as `failed: plugin …`.
    pub(super) text: String,
}

impl Outcome {
    pub(super) fn of(job: &Job) -> Self {
        let progress = &job.progress;
        if progress.cancelled {
            return Self {
                exit: Exit::JOB_CANCELLED,
                text: "cancelled".to_owned(),
            };
        }
        let exit = match progress.status.as_str() {
            "completed" => Exit::OK,
            _ if is_over(job) => Exit::JOB_TIMED_OUT,
            _ => Exit::JOB_FAILED,
        };
        let text = match &progress.error {
            Some(error) => format!("{}: {}", progress.status, plain(error)),
            None => progress.status.clone(),
        };
        Self { exit, text }
    }
}

/// Whether a job that failed ran into its time limit: the contract has only words for it, and its times.
fn is_over(job: &Job) -> bool {
    let progress = &job.progress;
    let Some(end) = progress.end_time else {
        return false;
    };
    let took = end.0.saturating_sub(progress.start_time.0);
    u64::try_from(took).is_ok_and(|took| took >= job.config.timeout)
}
