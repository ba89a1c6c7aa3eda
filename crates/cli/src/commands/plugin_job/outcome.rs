//! A plugin job for commands on jobs: where it stands, and how it ended.

use wire::plugin_jobs::Job;

use crate::{
    commands::outcome::{AnyJob, JobOutcome},
    exit::Exit,
    table::plain,
};

impl AnyJob for Job {
    fn id(&self) -> &str {
        &self.id
    }

    fn standing(&self) -> &str {
        let progress = &self.progress;
        match self.result {
            // It was asked to stop.
            None if progress.status == "running" => "stopping",
            _ if progress.cancelled => "cancelled",
            _ => &progress.status,
        }
    }

    fn outcome(&self) -> JobOutcome {
        let progress = &self.progress;
        if progress.cancelled {
            return JobOutcome {
                exit: Exit::JOB_CANCELLED,
                text: "cancelled".to_owned(),
            };
        }
        let exit = match progress.status.as_str() {
            "completed" => Exit::OK,
            _ if is_over(self) => Exit::JOB_TIMED_OUT,
            _ => Exit::JOB_FAILED,
        };
        let text = match &progress.error {
            Some(error) => format!("{}: {}", progress.status, plain(error)),
            None => progress.status.clone(),
        };
        JobOutcome { exit, text }
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
