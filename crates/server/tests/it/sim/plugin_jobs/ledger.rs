//! What the server has acknowledged of plugin jobs, and what follows from it: which plugins ended and so
//! never run again, which losses count, when the cap ends a job. It knows the contract's rules, not the
//! engine's.

use std::collections::BTreeMap;

use wire::{
    executors::{AdvanceRun, ClaimedRun, PartReport, Stage},
    plugin_jobs::Job,
};

use super::{
    super::ledger::LEASE_MS,
    progress::{Progress, part},
    worker::plugins,
};

/// Lost executors in whose attempt no plugin ended: so many end a job.
const CAP: usize = 3;

/// The current lease of a job.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) token: i64,
    pub(crate) until: i64,
    /// Whether a plugin ended under it.
    last_progress_token: bool,
}

/// An acknowledged plugin job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    plugins: Vec<String>,
    /// Token of the newest lease.
    pub(crate) token: i64,
    pub(crate) lease: Option<Lease>,
    /// Token of the newest lease whose report was accepted.
    pub(crate) last_finished_token: i64,
    /// What is on disk.
    progress: Progress,
    /// The token under which its current plugin began.
    began: i64,
    /// When the end of a plugin was acknowledged, in notes from the beginning.
    acknowledged: BTreeMap<String, u64>,
    /// How many notes were accepted.
    notes: u64,
    losses: usize,
    pub(crate) cancel_requested: bool,
    /// `completed`, `failed` or `cancelled`, and when.
    pub(crate) over: Option<(&'static str, i64)>,
    /// Deleted after its time.
    pub(crate) gone: bool,
}

/// How a job stands after its executor was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// A plugin had ended in the attempt.
    Free,
    Counted,
    /// It counted, and was the last.
    Cap,
    /// It was to stop anyway.
    Cancelled,
}

impl Entry {
    pub(crate) fn new(plugins: Vec<String>) -> Self {
        Self {
            plugins,
            ..Self::default()
        }
    }

    pub(crate) fn holds(&self, token: i64) -> bool {
        self.lease
            .as_ref()
            .is_some_and(|lease| lease.token == token)
    }

    pub(crate) fn ended(&self) -> &[PartReport] {
        &self.progress.ended
    }

    /// A claim answered with this job: it goes on exactly where the acknowledged notes end.
    pub(crate) fn claimed(&mut self, job: &ClaimedRun, now: i64) {
        let id = &job.id;
        assert!(self.lease.is_none(), "{id}: two leases: {self:?}");
        assert!(
            self.over.is_none() && !self.gone,
            "{id}: handed out after its end"
        );
        assert!(
            self.losses < CAP,
            "{id}: handed out after its cap: {self:?}"
        );
        assert_eq!(job.token, self.token + 1, "{id}: tokens rise by one");
        assert_eq!(job.attempt, job.token, "{id}: every lease is a start");
        assert_eq!(plugins(job), self.plugins, "{id}");
        let left = Progress::of(job);
        assert_eq!(left, self.progress, "{id}: what was reported comes back");
        self.token = job.token;
        self.lease = Some(Lease {
            token: self.token,
            until: now + LEASE_MS,
            last_progress_token: false,
        });
    }

    pub(crate) fn extended(&mut self, now: i64) {
        let lease = self.lease.as_mut().expect("only a holder beats");
        lease.until = lease.until.max(now + LEASE_MS);
    }

    /// Whether the server has to take this report, of the owner of the lease. Of a plugin that ended it takes
    /// that end again, and nothing else.
    pub(crate) fn takes(&self, report: &AdvanceRun) -> bool {
        let part = part(report);
        let mut ended = self.ended().iter();
        ended
            .find(|one| one.name == part.name)
            .is_none_or(|end| end == part)
    }

    /// A report was accepted. Answers its number.
    pub(crate) fn noted(&mut self, id: &str, report: &AdvanceRun) -> u64 {
        self.notes += 1;
        let part = part(report);
        // What is known already changes nothing, nor does the state that comes with it.
        let known = match part.stage {
            Stage::Started => self.began == self.token && self.progress.has_begun(part),
            _ => self.ended().contains(part),
        };
        if known {
            return self.notes;
        }
        if part.stage == Stage::Started {
            self.began = self.token;
        } else {
            let twice = self.acknowledged.insert(part.name.clone(), self.notes);
            assert_eq!(twice, None, "{id}: a plugin ended twice: {report:?}");
            let lease = self.lease.as_mut().expect("only an owner reports");
            lease.last_progress_token = true;
        }
        self.progress.apply(report);
        self.notes
    }

    /// A plugin ran to its end, after it began with this note.
    pub(crate) fn ran(&self, id: &str, plugin: &str, began: u64) {
        let acknowledged = self.acknowledged.get(plugin);
        assert!(
            acknowledged.is_none_or(|at| began < *at),
            "{id}: `{plugin}` began after its end was acknowledged: {self:?}"
        );
    }

    /// The lease was not extended.
    pub(crate) fn lost(&mut self, now: i64) -> Loss {
        let lease = self.lease.take().expect("it had one");
        if self.cancel_requested {
            self.over = Some(("cancelled", now));
            return Loss::Cancelled;
        }
        if lease.last_progress_token {
            return Loss::Free;
        }
        self.losses += 1;
        if self.losses < CAP {
            return Loss::Counted;
        }
        self.over = Some(("failed", now));
        Loss::Cap
    }

    /// The holder's report was accepted.
    pub(crate) fn finished(&mut self, completed: bool, now: i64) {
        self.last_finished_token = self.token;
        self.lease = None;
        self.over = Some(match completed {
            true => ("completed", now),
            false if self.cancel_requested => ("cancelled", now),
            false => ("failed", now),
        });
    }

    /// The holder gave it back.
    pub(crate) fn released(&mut self, now: i64) {
        self.lease = None;
        if self.cancel_requested {
            self.over = Some(("cancelled", now));
        }
    }

    pub(crate) fn cancelled(&mut self, now: i64) {
        if self.lease.is_some() {
            self.cancel_requested = true;
        } else {
            self.over = Some(("cancelled", now));
        }
    }

    /// What the server says of it must be what follows from what it acknowledged.
    pub(crate) fn check(&self, job: &Job) {
        let id = &job.id;
        let (status, cancelled) = match (&self.over, &self.lease) {
            (Some(("cancelled", _)), _) => ("failed", true),
            (Some((end, _)), _) => (*end, false),
            (None, Some(_)) => ("running", false),
            (None, None) => ("queued", false),
        };
        let progress = &job.progress;
        assert_eq!(
            (progress.status.as_str(), progress.cancelled),
            (status, cancelled),
            "{id}: {self:?}: {job:?}"
        );
        let completed: Vec<&str> = self
            .ended()
            .iter()
            .filter(|one| one.stage == Stage::Completed)
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(progress.completed_plugins, completed, "{id}: {job:?}");
        let current = self.progress.current.as_ref();
        let current = current.filter(|_| status == "running");
        let current = current.map(|(plugin, _)| plugin);
        assert_eq!(progress.current_plugin.as_ref(), current, "{id}: {job:?}");
        assert_eq!(job.result.is_some(), self.over.is_some(), "{id}: {job:?}");
        let Some(result) = &job.result else { return };
        let metrics: Vec<&str> = result
            .metrics
            .iter()
            .flat_map(|metric| metric.keys().map(String::as_str))
            .collect();
        assert_eq!(metrics, completed, "{id}: {job:?}");
        let failed = self.ended().len() - completed.len();
        assert_eq!(result.errors.len(), failed, "{id}: {job:?}");
    }
}
