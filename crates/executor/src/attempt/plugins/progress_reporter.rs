//! Reports to the server what plugins do, and goes on only when that is on disk.

use std::time::Duration;

use tokio::time::timeout;
use wire::{
    client::{Client, Error},
    executors::{AdvanceRun, PartReport},
};

use crate::{
    attempt::{Taken, outcome::Stop},
    backoff::Backoff,
};

const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(2);

/// How long one call may take; a report is at most some megabytes.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// Why a plugin job does not go on.
pub(super) enum Halt {
    /// The work is to be stopped.
    Stop(Stop),
    /// The server does not take it.
    Refused(String),
    /// This executor cannot go on, for a reason of its own.
    Abandoned(String),
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
    pub(super) async fn advance(
        &self,
        parts: Vec<PartReport>,
        state: Option<serde_json::Value>,
    ) -> Result<(), Halt> {
        let report = AdvanceRun {
            executor: self.executor.to_owned(),
            token: self.taken.token,
            parts,
            state,
            acknowledged: 0,
        };
        let job = self.taken.id;
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LAST);
        loop {
            let call = timeout(CALL_LIMIT, self.client.advance(job, &report));
            let late = |_| Err(Error::Unreachable("the report was not answered".to_owned()));
            match call.await.unwrap_or_else(late) {
                Ok(advanced) if advanced.signals.cancel > 0 => {
                    return Err(Halt::Stop(Stop::Cancelled));
                }
                Ok(_) => return Ok(()),
                Err(error) if error.is_transient() => {
                    if backoff.is_first() {
                        tracing::warn!(run_id = job, %error, "a report of plugins has to wait");
                    }
                }
                Err(error) if error.status().is_some_and(|status| status.as_u16() == 404) => {
                    return Err(Halt::Stop(Stop::Lost));
                }
                Err(error) => return Err(Halt::Refused(error.to_string())),
            }
            backoff.wait().await;
        }
    }
}
