//! How the writers are doing, for whoever asks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

/// Sums since the start.
#[derive(Clone, Default)]
pub(crate) struct Commits {
    sums: Arc<Sums>,
}

#[derive(Default)]
struct Sums {
    commits: AtomicU64,
    items: AtomicU64,
    micros: AtomicU64,
}

/// What the writers did since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommitSums {
    /// Transactions that were committed.
    pub commits: u64,
    /// Items that they held.
    pub items: u64,
    /// Time from their first statement to the end of the commit, in microseconds.
    pub micros: u64,
}

/// A transaction under way.
pub(crate) struct Timer {
    commits: Commits,
    items: usize,
    start: Instant,
}

impl Commits {
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
            micros: self.sums.micros.load(Relaxed),
        }
    }
}

impl Timer {
    pub(crate) fn done(self) {
        let sums = &self.commits.sums;
        sums.commits.fetch_add(1, Relaxed);
        sums.items.fetch_add(self.items as u64, Relaxed);
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        sums.micros.fetch_add(micros, Relaxed);
    }
}
