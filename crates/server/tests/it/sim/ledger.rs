//! What the server has acknowledged, and what follows from it: who holds what until when, which
//! report must be accepted, what must be there. It knows leases and their tokens, not the engine's
//! rules.

use std::collections::{BTreeMap, BTreeSet};

use wire::jobs::Job;

use super::{plugin_jobs, world::SCAN_MS};

/// The lease of the simulated server.
pub(super) const LEASE_MS: i64 = 30_000;
/// An attempt that is not stopped at its limit loses its lease so much later.
const OVERTIME_MS: i64 = 2 * LEASE_MS;

/// The current lease of a job.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) executor: String,
    pub(super) token: i64,
    pub(super) until: i64,
    last_end: i64,
}

/// An acknowledged job.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    max_attempts: usize,
    timeout_ms: Option<i64>,
    /// Token of the newest lease.
    pub(super) token: i64,
    pub(super) lease: Option<Lease>,
    /// Tokens of the leases whose report was accepted.
    pub(super) last_finished_token: BTreeSet<i64>,
    /// Status and time of its end.
    pub(super) over: Option<(String, i64)>,
    /// How many attempts there were at the last explicit retry.
    revived_at: usize,
    /// Deleted after its time.
    pub(super) gone: bool,
}

/// Who says that it holds a lease.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) executor: String,
    pub(super) token: Option<i64>,
}

/// Every acknowledged job by its id.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) jobs: BTreeMap<String, Entry>,
    pub(super) plugin_jobs: BTreeMap<String, plugin_jobs::Entry>,
}

impl Ledger {
    pub(super) fn entry(&mut self, id: &str) -> &mut Entry {
        self.jobs
            .get_mut(id)
            .unwrap_or_else(|| panic!("job {id} was never acknowledged"))
    }

    pub(super) fn plugin_job(&mut self, id: &str) -> &mut plugin_jobs::Entry {
        self.plugin_jobs
            .get_mut(id)
            .unwrap_or_else(|| panic!("plugin job {id} was never acknowledged"))
    }

    /// Ids of jobs that are there.
    pub(super) fn ids(&self) -> Vec<String> {
        let there = self.jobs.iter().filter(|(_, entry)| !entry.gone);
        there.map(|(id, _)| id.clone()).collect()
    }

    /// Takes away what has expired; answers whose.
    pub(super) fn expire(&mut self, now: i64, grace_until: i64) -> Vec<String> {
        let mut expired = Vec::new();
        for (id, entry) in &mut self.jobs {
            if let Some(lease) = entry.lease.take_if(|lease| lease.until <= now) {
                in_time(id, lease.until, now, grace_until);
                expired.push(id.clone());
            }
        }
        expired
    }

    /// The plugin jobs whose leases have expired.
    pub(super) fn expired_plugin_jobs(&self, now: i64, grace_until: i64) -> Vec<String> {
        let mut expired = Vec::new();
        for (id, entry) in &self.plugin_jobs {
            if let Some(lease) = entry.lease.as_ref().filter(|lease| lease.until <= now) {
                in_time(id, lease.until, now, grace_until);
                expired.push(id.clone());
            }
        }
        expired
    }

    /// Notes what retention must delete now; answers how many.
    pub(super) fn retain(&mut self, before: i64) -> u64 {
        let old = |entry: &&mut Entry| {
            !entry.gone && entry.over.as_ref().is_some_and(|(_, at)| *at < before)
        };
        let jobs = self.jobs.values_mut().filter(old);
        let jobs = jobs.map(|entry| entry.gone = true).count();
        let old = |entry: &&mut plugin_jobs::Entry| {
            !entry.gone && entry.over.is_some_and(|(_, at)| at < before)
        };
        let plugin_jobs = self.plugin_jobs.values_mut().filter(old);
        let plugin_jobs = plugin_jobs.map(|entry| entry.gone = true).count();
        (jobs + plugin_jobs) as u64
    }
}

/// Leases are taken away at the first look after their end.
fn in_time(id: &str, until: i64, now: i64, grace_until: i64) {
    let late = now - until.max(grace_until);
    assert!(late <= SCAN_MS, "{id}: taken away {late} ms after its time");
}

impl Entry {
    pub(super) fn new(max_attempts: usize, timeout_ms: Option<i64>) -> Self {
        Self {
            max_attempts,
            timeout_ms,
            ..Self::default()
        }
    }

    pub(super) fn holds(&self, holder: &Holder) -> bool {
        self.lease.as_ref().is_some_and(|lease| match holder.token {
            Some(token) => token == lease.token,
            None => holder.executor == lease.executor,
        })
    }

    /// A claim answered with this job.
    pub(super) fn claimed(&mut self, job: &Job, executor: &str, now: i64) -> i64 {
        assert!(
            self.lease.is_none(),
            "{}: two leases: {:?}",
            job.id,
            self.lease
        );
        assert!(
            self.over.is_none() && !self.gone,
            "{}: handed out after its end",
            job.id
        );
        assert_eq!(job.status, "running", "{}", job.id);
        let token = job.lease_token.expect("a claim's answer has a token");
        assert_eq!(token, self.token + 1, "{}: tokens rise by one", job.id);
        self.token = token;
        let last_end = self
            .timeout_ms
            .map_or(i64::MAX, |timeout| now + timeout + OVERTIME_MS);
        self.lease = Some(Lease {
            executor: executor.to_owned(),
            token,
            until: now + LEASE_MS,
            last_end,
        });
        token
    }

    pub(super) fn extended(&mut self, now: i64) {
        let lease = self.lease.as_mut().expect("only a holder beats");
        lease.until = (now + LEASE_MS).min(lease.last_end).max(lease.until);
    }

    /// What the server says of it must fit what is known. Learns of its end.
    pub(super) fn check(&mut self, job: &Job, now: i64) {
        let id = &job.id;
        let count = usize::try_from(self.token).expect("not negative");
        assert_eq!(
            job.attempts.len(),
            count,
            "{id}: one attempt for each lease: {job:?}"
        );
        assert_eq!(
            job.status == "running",
            self.lease.is_some(),
            "{id}: {self:?}: {job:?}"
        );
        for (number, attempt) in job.attempts.iter().enumerate() {
            let newest = number + 1 == count;
            assert_eq!(
                attempt.status == "running",
                newest && self.lease.is_some(),
                "{id}: {job:?}"
            );
            assert_eq!(
                attempt.status == "running",
                attempt.ended_at.is_none(),
                "{id}: {job:?}"
            );
            let end = attempt.ended_at.unwrap_or(wire::Timestamp(now));
            assert!(attempt.started_at <= end, "{id}: {job:?}");
            let next = job.attempts.get(number + 1);
            assert!(
                next.is_none_or(|next| end <= next.started_at),
                "{id}: attempts overlap"
            );
        }
        let failure_count = job.attempts[self.revived_at..]
            .iter()
            .filter(|attempt| matches!(attempt.status.as_str(), "lost" | "failed" | "timeout"))
            .count();
        assert!(
            failure_count <= self.max_attempts,
            "{id}: {failure_count} failures: {job:?}"
        );
        let live = matches!(job.status.as_str(), "pending" | "running");
        assert!(
            !live || failure_count < self.max_attempts,
            "{id}: it goes on after its cap: {job:?}"
        );
        let lost = job
            .attempts
            .last()
            .is_some_and(|attempt| attempt.status == "lost");
        if job.status == "failed" && lost {
            assert_eq!(
                failure_count, self.max_attempts,
                "{id}: given up before its cap: {job:?}"
            );
        }
        assert_eq!(live, job.completed_at.is_none(), "{id}: {job:?}");
        match &self.over {
            Some((status, _)) => assert_eq!(job.status, *status, "{id}: an end is final"),
            None if live => {}
            None => self.over = Some((job.status.clone(), now)),
        }
    }

    /// An explicit retry was accepted.
    pub(super) fn revived(&mut self) {
        self.over = None;
        self.revived_at = usize::try_from(self.token).expect("not negative");
    }
}
