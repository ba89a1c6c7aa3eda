//! Steps that wait for what happens about their run: an answer to an approval, the end of a child. They look,
//! and look again when the server tells that something has happened; the run can be parked meanwhile.

use std::time::Duration;

use engine::WaitFor;
use tokio::sync::watch;
use wire::{client::Error, executors::PartLease};

use super::{
    call::{StepCall, StepEnd},
    waits::StepWaits,
};
use crate::{
    attempt::progress_reporter::{wait_after, within},
    backoff::Backoff,
    lease::Lease,
};

/// What the server tells a step that waits. Nothing in between is missed: the generation of signals is taken
/// before each look, and a run is parked with the one of the look.
pub(super) struct News<'a> {
    waits: &'a StepWaits,
    lease: watch::Receiver<Lease>,
    looked: i64,
}

impl News<'_> {
    /// The step is about to look.
    pub(super) fn looks(&mut self) {
        self.looked = self.lease.borrow_and_update().signals.generation;
    }

    /// Waits until something has happened since the look, at most so long.
    pub(super) async fn wait(&mut self, awaited: WaitFor, limit: Option<Duration>) {
        let looked = self.looked;
        let lease = &mut self.lease;
        let newer = async move {
            let newer = lease.wait_for(|one| one.signals.generation > looked);
            if newer.await.is_err() {
                // The lease has ended, which ends the attempt.
                std::future::pending::<()>().await;
            }
        };
        self.waits.news(awaited, looked, limit, newer).await;
    }
}

impl StepCall<'_> {
    pub(super) fn news(&self) -> News<'_> {
        News {
            waits: &self.waits,
            lease: self.context.lease.clone(),
            looked: 0,
        }
    }

    /// Who asks the server: this try of this part.
    pub(super) fn lease(&self) -> PartLease {
        PartLease {
            executor: self.context.runner.environment.settings.name.clone(),
            token: self.context.taken.token,
            part: self.number,
            tries: self.tries,
        }
    }

    /// Asks the server until it answers, as long as the lease lives. What it refuses is the step's failure.
    pub(super) async fn asked<A, F>(&self, ask: impl Fn() -> F) -> Result<A, StepEnd>
    where
        F: Future<Output = Result<A, Error>>,
    {
        let mut backoff = Backoff::default();
        loop {
            let error = match within(ask()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !error.is_transient() {
                return Err(StepEnd::refused(error.to_string()));
            }
            // An error that may pass is only waited for.
            let waited = wait_after(&mut backoff, self.context.taken, error).await;
            if waited.is_err() {
                return Err(StepEnd::Stopped);
            }
        }
    }
}
