//! Reports to the server what became of parts of the work, and goes on only when that is on disk.

use std::time::Duration;

use engine::WaitFor;
use http::StatusCode;
use tokio::time::timeout;
use wire::{
    JsonText,
    client::{Client, Error},
    executors::{AdvanceRun, ParkRun, PartReport, Signals},
};

use super::{Taken, outcome::Stop};
use crate::backoff::Backoff;

/// Parts of one report: the server takes no more.
const PARTS_LIMIT: usize = 1_000;

/// How long one call may take; a report is at most some megabytes.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// Why an attempt does not go on.
pub(super) enum Halt {
    /// The work is to be stopped.
    Stop(Stop),
    /// The server does not take it.
    Refused(String),
    /// This executor cannot go on, for a reason of its own.
    Abandoned(String),
}

/// What a run waits for.
pub(super) struct Waiting {
    pub(super) reason: WaitFor,
    /// How long at most; without it, forever.
    pub(super) limit: Option<Duration>,
    /// The newest generation of signals that was looked at before it was decided to wait.
    pub(super) seen: i64,
}

pub(super) struct ProgressReporter<'a> {
    client: &'a Client,
    executor: &'a str,
    taken: Taken<'a>,
}

impl<'a> ProgressReporter<'a> {
    pub(super) fn new(client: &'a Client, executor: &'a str, taken: Taken<'a>) -> Self {
        Self {
            client,
            executor,
            taken,
        }
    }

    /// Puts parts and state on the server's disk, however long the server is away: the lease ends the wait.
    /// `acknowledged` is the generation of signals that was acted on. Answers what operators ask for now.
    pub(super) async fn advance(
        &self,
        mut parts: Vec<PartReport>,
        mut state: Option<JsonText>,
        acknowledged: i64,
    ) -> Result<Signals, Halt> {
        loop {
            let rest = parts.split_off(parts.len().min(PARTS_LIMIT));
            let is_last = rest.is_empty();
            let report = AdvanceRun {
                executor: self.executor.to_owned(),
                token: self.taken.token,
                parts: std::mem::replace(&mut parts, rest),
                state: if is_last { state.take() } else { None },
                acknowledged: if is_last { acknowledged } else { 0 },
            };
            let signals = self.report(&report).await?;
            if is_last {
                return Ok(signals);
            }
        }
    }

    async fn report(&self, report: &AdvanceRun) -> Result<Signals, Halt> {
        let mut backoff = Backoff::default();
        loop {
            match within(self.client.advance(self.taken.id, report)).await {
                Ok(advanced) => return Ok(advanced.signals),
                Err(error) => wait_after(&mut backoff, self.taken, error).await?,
            }
        }
    }

    /// Lets the run wait, which ends its lease. False when there is a newer signal than it has seen, to be looked
    /// at first.
    pub(super) async fn park(&self, wait: &Waiting) -> Result<bool, Halt> {
        let park = ParkRun {
            executor: self.executor.to_owned(),
            token: self.taken.token,
            wait_for: wait.reason.to_string(),
            timeout_ms: wait
                .limit
                .map(|limit| limit.as_millis().try_into().unwrap_or(u64::MAX)),
            on_timeout: None,
            seen: wait.seen,
        };
        let mut backoff = Backoff::default();
        loop {
            match within(self.client.park(self.taken.id, &park)).await {
                Ok(()) => return Ok(true),
                Err(error) if error.status() == Some(StatusCode::CONFLICT) => return Ok(false),
                Err(error) => wait_after(&mut backoff, self.taken, error).await?,
            }
        }
    }
}

/// One call, in bounded time.
pub(super) async fn within<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = |_| Err(Error::Unreachable("it was not answered".to_owned()));
    timeout(CALL_LIMIT, call).await.unwrap_or_else(late)
}

/// Waits after a call that failed, if it may succeed later.
pub(super) async fn wait_after(
    backoff: &mut Backoff,
    taken: Taken<'_>,
    error: Error,
) -> Result<(), Halt> {
    if !error.is_transient() {
        return Err(if error.status() == Some(StatusCode::NOT_FOUND) {
            Halt::Stop(Stop::Lost)
        } else {
            Halt::Refused(error.to_string())
        });
    }
    if backoff.is_first() {
        tracing::warn!(run_id = taken.id, %error, "a report of progress has to wait");
    }
    backoff.wait().await;
    Ok(())
}
