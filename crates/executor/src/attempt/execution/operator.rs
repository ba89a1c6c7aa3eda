//! What operators ask of the execution, from whichever way it came last.

use tokio::sync::watch;
use wire::executors::Signals;

use crate::lease::Lease;

pub(super) struct Operator {
    lease: watch::Receiver<Lease>,
    /// What the server answered last.
    answered: Signals,
    /// The newest skip that was acted on.
    skipped: i64,
    /// The newest that the server knows of.
    acknowledged: i64,
}

impl Operator {
    pub(super) fn new(lease: watch::Receiver<Lease>) -> Self {
        Self {
            lease,
            answered: Signals::default(),
            skipped: 0,
            acknowledged: 0,
        }
    }

    /// The server answered a report, which said what is to be acknowledged.
    pub(super) fn answered(&mut self, signals: Signals) {
        self.answered = signals;
        self.acknowledged = self.skipped;
    }

    /// The newest signals.
    pub(super) fn signals(&self) -> Signals {
        let renewed = self.lease.borrow().signals;
        if renewed.generation > self.answered.generation {
            renewed
        } else {
            self.answered
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.lease.borrow().is_cancelled() || self.answered.cancel > 0
    }

    pub(super) fn is_paused(&self) -> bool {
        self.signals().pause > 0
    }

    /// Takes a skip that was not acted on, if there is one.
    pub(super) fn take_skip(&mut self) -> bool {
        let skip = self.signals().skip;
        let new = skip > self.skipped;
        self.skipped = self.skipped.max(skip);
        new
    }

    /// The generation to acknowledge.
    pub(super) fn acted_on(&self) -> i64 {
        self.skipped
    }

    /// Whether the server does not know yet what was acted on.
    pub(super) fn owes(&self) -> bool {
        self.skipped > self.acknowledged
    }

    /// Waits for news.
    pub(super) async fn changed(&mut self) {
        if self.lease.changed().await.is_err() {
            // The lease has ended, which ends the attempt.
            std::future::pending::<()>().await;
        }
    }
}
