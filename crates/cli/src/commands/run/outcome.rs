//! A run for commands on several: where it stands, and how it ended.

use wire::runs::RunDetails;

use crate::commands::outcome::{AnyJob, JobOutcome, ended};

impl AnyJob for RunDetails {
    fn id(&self) -> &str {
        &self.summary.id
    }

    fn standing(&self) -> &str {
        match self.summary.status.as_str() {
            "running" if self.signals.cancel > 0 => "stopping",
            "running" if self.signals.pause > 0 => "pausing",
            "waiting" if self.summary.waiting_for.as_deref() == Some("operator") => "paused",
            status => status,
        }
    }

    fn outcome(&self) -> JobOutcome {
        let last = self.attempts.last().map(|attempt| attempt.status.as_str());
        ended(
            &self.summary.status,
            last,
            self.exit_code,
            self.error.as_deref(),
        )
    }
}
