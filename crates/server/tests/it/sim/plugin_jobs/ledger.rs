//! What the server has acknowledged of plugin jobs, and what follows from it: which plugins ended and so
//! never run again, which losses count, when the cap ends a job. It knows the contract's rules, not the
//! engine's.

use std::collections::BTreeMap;

use wire::{
    executors::{ClaimedRun, EndedPlugin, Progress, ProgressReport, Stage},
    plugin_jobs::Job,
};

use super::{
    super::ledger::LEASE_MS,
    worker::{plugins, progress},
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
    /// The note that is on disk, and the report that brought it.
    note: Option<Progress>,
    last: Option<ProgressReport>,
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
    /// Somebody wanted it to stop anyway.
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

    pub(crate) fn ended(&self) -> &[EndedPlugin] {
        self.note.as_ref().map_or(&[], |note| &note.ended)
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
        assert_eq!(
            progress(job),
            self.note,
            "{id}: what was noted is handed on"
        );
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

    /// Whether the server has to take this note, of somebody who holds the lease: the last one again, or
    /// one that goes on from it. A copy that comes late it must not take.
    pub(crate) fn takes(&self, report: &ProgressReport) -> bool {
        let ends = report
            .fact
            .as_ref()
            .is_some_and(|fact| fact.stage != Stage::Started);
        let goes_on = report.progress.ended.len() == self.ended().len() + usize::from(ends);
        goes_on || self.last.as_ref() == Some(report)
    }

    /// A note was accepted. Answers its number.
    pub(crate) fn noted(&mut self, id: &str, report: &ProgressReport) -> u64 {
        let before = self.ended();
        let now = &report.progress.ended;
        assert!(
            now.starts_with(before),
            "{id}: ends were forgotten: {report:?}"
        );
        assert!(
            now.len() <= before.len() + 1,
            "{id}: two ends at once: {report:?}"
        );
        if let Some(current) = &report.progress.current {
            assert!(
                !self.acknowledged.contains_key(&current.plugin),
                "{id}: a plugin that ended began again: {report:?}"
            );
        }
        let ends = now.len() > before.len();
        self.notes += 1;
        if ends {
            let last = now.last().expect("it has one more");
            let twice = self.acknowledged.insert(last.plugin.clone(), self.notes);
            assert_eq!(twice, None, "{id}: a plugin ended twice: {report:?}");
            self.lease
                .as_mut()
                .expect("only a holder notes")
                .last_progress_token = true;
        }
        self.note = Some(report.progress.clone());
        self.last = Some(report.clone());
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

    /// Nobody extended the lease.
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
            .filter(|one| one.stage() == Stage::Completed)
            .map(|one| one.plugin.as_str())
            .collect();
        assert_eq!(progress.completed_plugins, completed, "{id}: {job:?}");
        let current = self.note.as_ref().and_then(|note| note.current.as_ref());
        let current = current.filter(|_| status == "running");
        let current = current.map(|current| &current.plugin);
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
