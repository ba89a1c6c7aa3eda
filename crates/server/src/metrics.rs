//! What Prometheus is told.

use std::sync::{Arc, atomic::AtomicI64, atomic::AtomicU64};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use store::{CommitSums, Store};

/// The metrics of one server.
#[derive(Clone)]
pub(crate) struct Metrics {
    parts: Arc<Parts>,
}

struct Parts {
    registry: Registry,
    runs: Family<RunLabels, Gauge<i64, AtomicI64>>,
    executors: Gauge<i64, AtomicI64>,
    commits: Counter<u64, AtomicU64>,
    items: Counter<u64, AtomicU64>,
    micros: Counter<u64, AtomicU64>,
    counted: std::sync::Mutex<CommitSums>,
    pub(crate) lost: Counter<u64, AtomicU64>,
    pub(crate) deleted: Counter<u64, AtomicU64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    kind: &'static str,
    status: &'static str,
    class: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("playhouse");
        let (runs, executors) = (Family::default(), Gauge::default());
        let (commits, items, micros) = (Counter::default(), Counter::default(), Counter::default());
        let (lost, deleted) = (Counter::default(), Counter::default());
        registry.register("runs", "Runs by kind, status and class", runs.clone());
        registry.register(
            "executors_active",
            "Executors heard of lately",
            executors.clone(),
        );
        registry.register("commits", "Transactions committed", commits.clone());
        registry.register("commit_items", "Changes that they held", items.clone());
        registry.register("commit_microseconds", "Time spent in them", micros.clone());
        registry.register("leases_lost", "Leases that expired", lost.clone());
        registry.register(
            "runs_deleted",
            "Runs that retention deleted",
            deleted.clone(),
        );
        let counted = std::sync::Mutex::default();
        let parts = Parts {
            registry,
            runs,
            executors,
            commits,
            items,
            micros,
            counted,
            lost,
            deleted,
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Counts leases that the reaper took away.
    pub(crate) fn leases_lost(&self, count: u64) {
        self.parts.lost.inc_by(count);
    }

    /// Counts runs that retention deleted.
    pub(crate) fn runs_deleted(&self, count: u64) {
        self.parts.deleted.inc_by(count);
    }

    /// The text format, with gauges as the database has them now.
    pub(crate) async fn text(
        &self,
        store: &Store,
        active_since: i64,
    ) -> Result<String, store::Error> {
        let (counts, executors) = store
            .read(move |read| {
                Ok((
                    store::runs::counts(read)?,
                    store::executors::list(read, active_since)?.len(),
                ))
            })
            .await?;
        for (kind, status, class, n) in counts {
            let labels = RunLabels {
                kind: kind.as_str(),
                status: status.as_str(),
                class: class.as_str(),
            };
            self.parts.runs.get_or_create(&labels).set(n);
        }
        self.parts
            .executors
            .set(i64::try_from(executors).unwrap_or(i64::MAX));
        self.count_commits(store.commit_sums());
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.parts.registry);
        Ok(text)
    }

    fn count_commits(&self, sums: CommitSums) {
        let mut counted = self
            .parts
            .counted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.parts
            .commits
            .inc_by(sums.commits.saturating_sub(counted.commits));
        self.parts
            .items
            .inc_by(sums.items.saturating_sub(counted.items));
        self.parts
            .micros
            .inc_by(sums.micros.saturating_sub(counted.micros));
        *counted = sums;
    }
}
