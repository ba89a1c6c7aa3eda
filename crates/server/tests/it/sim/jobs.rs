//! Submitters, who repeat themselves, and people who cancel and retry.

use http::Method;
use serde_json::Value;
use wire::{
    Timestamp,
    jobs::{NewJob, RetryPolicy},
};

use super::{
    ledger::Entry,
    world::{World, short},
};
use crate::test_server::SHA256;

/// A request that was sent, and may be sent again.
#[derive(Clone)]
pub(super) struct Submission {
    job: NewJob,
    key: Option<String>,
    id: String,
}

impl World {
    fn new_job(&mut self) -> NewJob {
        let chance = &mut self.chance;
        let priority = ["foreground", "background", "best_effort"][chance.index(3).unwrap_or(0)];
        let retry = chance.percent(40).then(|| RetryPolicy {
            initial_seconds: f64::from(u32::try_from(chance.within(0, 20)).expect("small")),
            max_seconds: 60.0,
            ..RetryPolicy::default()
        });
        let delay_ms = chance.percent(15).then(|| chance.within(-5_000, 60_000));
        let attempts = chance.percent(60).then(|| chance.within(1, 6));
        let timeout = chance.percent(25).then(|| chance.within(1, 60));
        NewJob {
            job_type: format!("type-{}", chance.within(0, 3)),
            binary_url: "https://example.com/binary".to_owned(),
            binary_sha256: SHA256.to_owned(),
            priority: priority.to_owned(),
            max_attempts: attempts.map(|n| u32::try_from(n).expect("small")),
            timeout_seconds: timeout.map(|n| u64::try_from(n).expect("small")),
            not_before: delay_ms.map(|delay_ms| Timestamp((self.now() + delay_ms) / 1_000 * 1_000)),
            retry,
            ..NewJob::default()
        }
    }

    pub(super) async fn submit(&mut self) {
        let job = self.new_job();
        let number = self.submissions.len();
        let key = self.chance.percent(60).then(|| format!("key-{number}"));
        let accepted = self
            .client()
            .submit(&job, key.as_deref())
            .await
            .expect("accepted");
        assert_eq!(accepted.status, "pending");
        let max_attempts = usize::try_from(job.max_attempts.unwrap_or(3)).expect("small");
        let timeout_ms = job
            .timeout_seconds
            .map(|s| i64::try_from(s).expect("small") * 1_000);
        let entry = Entry::new(max_attempts, timeout_ms);
        let before = self.ledger.jobs.insert(accepted.id.clone(), entry);
        assert!(before.is_none(), "an id was given twice");
        self.note(|| format!("submitted {}", short(&accepted.id)));
        self.tally.count("a submit was accepted");
        if job.not_before.is_some_and(|at| at.0 > self.now()) {
            self.tally.count("a job was scheduled");
        }
        self.look(&accepted.id).await;
        self.submissions.push(Submission {
            job,
            key,
            id: accepted.id,
        });
    }

    /// A submitter did not hear the answer, and asks again, now or much later.
    pub(super) async fn repeat_submit(&mut self) {
        let Some(index) = self.chance.index(self.submissions.len()) else {
            return;
        };
        let Submission {
            job,
            key: Some(key),
            id,
        } = self.submissions[index].clone()
        else {
            return;
        };
        let before = self
            .client()
            .stats()
            .await
            .expect("an answer")
            .jobs_by_status;
        let again = self
            .client()
            .submit(&job, Some(&key))
            .await
            .expect("accepted again");
        assert_eq!(again.id, id, "the same key and body have one job");
        let other = NewJob {
            job_type: "other".to_owned(),
            ..job
        };
        let refused = self
            .client()
            .submit(&other, Some(&key))
            .await
            .expect_err("another body");
        assert_eq!(refused.status().map(|status| status.as_u16()), Some(400));
        assert_eq!(
            self.client()
                .stats()
                .await
                .expect("an answer")
                .jobs_by_status,
            before
        );
        self.note(|| format!("submitted {} again", short(&id)));
        self.tally.count("a submit was repeated");
    }

    fn any_job(&mut self) -> Option<String> {
        let ids = self.ledger.ids();
        self.chance.index(ids.len()).map(|index| ids[index].clone())
    }

    /// Of a job anywhere.
    pub(super) async fn cancel(&mut self) {
        let Some(id) = self.any_job() else { return };
        let entry = self.ledger.entry(&id);
        let (over, running) = (entry.over.is_some(), entry.lease.is_some());
        let answer = self.client().cancel(&id).await;
        match answer {
            Ok(job) if running => {
                assert!(!over && job.cancel_requested == Some(true), "{job:?}");
                self.tally.count("a cancel reached a running job");
            }
            Ok(job) => {
                assert!(!over && job.status == "cancelled", "{job:?}");
                self.tally.count("a job was cancelled");
            }
            Err(error) => {
                assert!(over, "{error}");
                assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
            }
        }
        self.note(|| format!("cancel {}", short(&id)));
        self.look(&id).await;
    }

    /// As the contract has it: of a pending job only.
    pub(super) async fn cancel_pending(&mut self) {
        let Some(id) = self.any_job() else { return };
        let entry = self.ledger.entry(&id);
        let pending = entry.over.is_none() && entry.lease.is_none();
        let path = format!("/api/v1/jobs/{id}");
        let (status, body) = self.call(Method::DELETE, &path, &Value::Null).await;
        assert_eq!(status, if pending { 200 } else { 400 }, "{body}");
        self.note(|| format!("cancel {} if it is pending: {pending}", short(&id)));
        self.look(&id).await;
    }

    pub(super) async fn retry(&mut self) {
        let over = |(id, entry): (&String, &Entry)| {
            (entry.over.is_some() && !entry.gone).then(|| id.clone())
        };
        let mut ids: Vec<String> = self.ledger.jobs.iter().filter_map(over).collect();
        if self.chance.percent(20) {
            ids = self.ledger.ids();
        }
        let Some(index) = self.chance.index(ids.len()) else {
            return;
        };
        let id = &ids[index];
        let answer = self.client().retry(id).await;
        let entry = self.ledger.entry(id);
        assert_eq!(answer.is_ok(), entry.over.is_some(), "{id}: {answer:?}");
        if answer.is_ok() {
            entry.revived();
            self.tally.count("a retry was accepted");
        }
        self.note(|| format!("retry {}", short(id)));
        self.look(id).await;
    }
}
