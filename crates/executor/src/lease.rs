//! A lease as the work under it sees it.

use std::time::Duration;

use tokio::time::Instant;
use wire::executors::Signals;

/// How a lease stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// The work must be over by then, unless the lease is renewed before.
    pub(crate) deadline: Instant,
    /// What operators ask of the run.
    pub(crate) signals: Signals,
    /// The work is to be stopped, and its result is not wanted.
    pub(crate) lost: bool,
}

impl Lease {
    /// The work is to be stopped and reported.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.signals.cancel > 0
    }

    /// How much time is left until the deadline.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}
