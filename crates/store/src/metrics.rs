//! What the writers are doing, for Prometheus and other readers.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use engine::{Run, State, Status};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use tokio::sync::mpsc;

use crate::driver::STATEMENTS;

/// The figures of one store.
#[derive(Clone)]
pub(crate) struct Commits {
    sums: Arc<Sums>,
    seconds: Histogram,
    items: Histogram,
    events: Family<EventLabels, Counter>,
    durations: Family<EndLabels, Histogram, fn() -> Histogram>,
    observer: Arc<OnceLock<mpsc::Sender<Run>>>,
}

#[derive(Default)]
struct Sums {
    commits: AtomicU64,
    items: AtomicU64,
}

/// What the writers did since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommitSums {
    /// Transactions that were committed.
    pub commits: u64,
    /// Items that they held.
    pub items: u64,
}

/// A histogram, in seconds, of how long runs wait or take: from 1 ms to 4.6 hours.
#[must_use]
pub fn run_times() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 4.0, 13))
}

/// Notes a time in milliseconds in a histogram of seconds.
pub fn note_ms(histogram: &Histogram, time_ms: i64) {
    // The clock may have been set back meanwhile; longer than 49 days is 49 days.
    let time_ms = u32::try_from(time_ms.max(0)).unwrap_or(u32::MAX);
    histogram.observe(f64::from(time_ms) / 1_000.0);
}

/// What a transaction is counted for, once it is on disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchMetrics {
    /// How many events of each kind and word.
    events: BTreeMap<(&'static str, &'static str), u64>,
    /// Runs whose last attempt ended.
    ended: Vec<Run>,
}

impl BatchMetrics {
    /// Notes a change: `words` are those of its events.
    pub(crate) fn note(
        &mut self,
        before: Option<Status>,
        run: &Run,
        words: impl Iterator<Item = &'static str>,
    ) {
        for word in words {
            let event = (run.kind.as_str(), word);
            *self.events.entry(event).or_default() += 1;
        }
        if before == Some(Status::Running) && run.state.status().is_terminal() {
            self.ended.push(run.clone());
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (event, n) in other.events {
            *self.events.entry(event).or_default() += n;
        }
        self.ended.extend(other.ended);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    kind: &'static str,
    status: &'static str,
    priority: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    kind: &'static str,
    event: &'static str,
}

/// A transaction under way.
pub(crate) struct Timer {
    commits: Commits,
    items: usize,
    start: Instant,
}

impl Commits {
    pub(crate) fn new() -> Self {
        Self {
            sums: Arc::default(),
            // 100 us to 6.5 s: from one fsync of a fast disk to a disk that hardly answers.
            seconds: Histogram::new(exponential_buckets(0.0001, 2.0, 17)),
            items: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            events: Family::default(),
            durations: Family::new_with_constructor(run_times),
            observer: Arc::default(),
        }
    }

    pub(crate) fn start(&self, items: usize) -> Timer {
        Timer {
            commits: self.clone(),
            items,
            start: Instant::now(),
        }
    }

    pub(crate) fn sums(&self) -> CommitSums {
        CommitSums {
            commits: self.sums.commits.load(Relaxed),
            items: self.sums.items.load(Relaxed),
        }
    }

    /// Sends runs that have ended to the observer. What does not fit is lost.
    pub(crate) fn observe(&self, observer: mpsc::Sender<Run>) {
        // The first stays: a server has one.
        let _ = self.observer.set(observer);
    }

    fn ended(&self, run: &Run) {
        let (State::Done { at, .. }, Some(started_at)) = (&run.state, run.started_at) else {
            return;
        };
        let labels = EndLabels {
            kind: run.kind.as_str(),
            status: run.state.status().as_str(),
            priority: run.priority.as_str(),
        };
        note_ms(&self.durations.get_or_create(&labels), at - started_at);
        if let Some(observer) = self.observer.get() {
            // A trace is a convenience: nothing waits for it.
            let _ = observer.try_send(run.clone());
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "commit",
            "Time of a transaction, from its first statement until it is on disk",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register(
            "commit_items",
            "Changes that one transaction held",
            self.items.clone(),
        );
        registry.register(
            "database_statements",
            "Statements that this process executed",
            STATEMENTS.clone(),
        );
        registry.register(
            "run_events",
            "What happened to runs: started, completed, requeued and so on",
            self.events.clone(),
        );
        registry.register_with_unit(
            "run_duration",
            "From an attempt's start to the run's end",
            Unit::Seconds,
            self.durations.clone(),
        );
    }
}

impl Timer {
    /// The transaction is on disk, and so is what it tells of runs.
    pub(crate) fn done(self, metrics: &BatchMetrics) {
        let Self { commits, items, .. } = self;
        commits.sums.commits.fetch_add(1, Relaxed);
        commits.sums.items.fetch_add(items as u64, Relaxed);
        commits.seconds.observe(self.start.elapsed().as_secs_f64());
        // A batch has at most thousands of items.
        commits
            .items
            .observe(f64::from(u32::try_from(items).unwrap_or(u32::MAX)));
        for ((kind, event), count) in &metrics.events {
            let labels = EventLabels { kind, event };
            commits.events.get_or_create(&labels).inc_by(*count);
        }
        for run in &metrics.ended {
            commits.ended(run);
        }
    }
}
