//! A binary job for commands on jobs: where it stands, and how it ended.

use wire::jobs::Job;

use crate::commands::outcome::{AnyJob, JobOutcome, ended};

impl AnyJob for Job {
    fn id(&self) -> &str {
        &self.id
    }

    fn standing(&self) -> &str {
        let stopping = self.status == "running" && self.cancel_requested == Some(true);
        if stopping { "stopping" } else { &self.status }
    }

    fn outcome(&self) -> JobOutcome {
        let last = self.attempts.last().map(|attempt| attempt.status.as_str());
        ended(
            &self.status,
            last,
            self.exit_code,
            self.error_message.as_deref(),
        )
    }
}

#[cfg(test)]
mod tests {
    use wire::jobs::Job;

    use crate::commands::outcome::AnyJob;

    fn outcome(status: &str, exit_code: Option<i64>, attempts: &[&str]) -> (u8, String) {
        let attempts: Vec<_> = attempts
            .iter()
            .map(|status| {
                serde_json::json!({"executor_id": "e", "executor_ip": "", "status": status,
                    "started_at": "2030-01-01T00:00:00Z", "ended_at": null})
            })
            .collect();
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": "1", "type": "t", "binary_url": "", "binary_sha256": "", "arguments": [],
            "env_variables": {}, "priority": "background", "status": status, "executor_id": null,
            "stdout": "", "stderr": "", "exit_code": exit_code,
            "created_at": "2030-01-01T00:00:00Z", "started_at": null, "completed_at": null,
            "attempts": attempts,
        }))
        .expect("it is a job");
        let outcome = job.outcome();
        (outcome.exit.0, outcome.text)
    }

    #[test]
    fn the_programs_exit_code_is_the_outcome_when_there_is_one() {
        assert_eq!(
            outcome("completed", Some(0), &["completed"]),
            (0, "completed".to_owned())
        );
        assert_eq!(
            outcome("failed", Some(3), &["failed"]),
            (3, "failed: exit code 3".to_owned())
        );
        let killed = "failed: exit code 137, which is signal 9".to_owned();
        assert_eq!(outcome("failed", Some(137), &["failed"]), (137, killed));
    }

    #[test]
    fn every_other_end_has_a_code_of_its_own() {
        assert_eq!(outcome("failed", None, &["failed"]).0, 120);
        assert_eq!(outcome("failed", Some(0), &["failed"]).0, 120);
        assert_eq!(outcome("failed", Some(3), &["failed", "lost"]).0, 120);
        assert_eq!(outcome("failed", Some(137), &["timeout"]).0, 124);
        assert_eq!(outcome("cancelled", Some(143), &["cancelled"]).0, 121);
        assert_eq!(
            outcome("failed", Some(-1), &["failed"]).0,
            120,
            "no program ends with -1"
        );
        assert_eq!(outcome("failed", Some(256), &["failed"]).0, 120);
        assert_eq!(outcome("completed", Some(256), &["completed"]).0, 1);
    }
}
