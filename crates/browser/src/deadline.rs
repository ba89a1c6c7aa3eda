//! A time limit that several waits share.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::BrowserError;

/// When an action has to have succeeded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limit: Duration,
    at: Instant,
}

impl Deadline {
    /// So long from now on.
    pub(crate) fn after(limit: Duration) -> Self {
        Self {
            limit,
            at: Instant::now() + limit,
        }
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// True once it has passed.
    pub(crate) fn has_passed(&self) -> bool {
        self.left().is_zero()
    }

    /// Waits for something until then; `None` when it passes.
    pub(crate) async fn wait<T>(&self, something: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.at, something).await.ok()
    }

    /// The error of an action that did not succeed until then.
    pub(crate) fn passed(
        &self,
        what: impl Into<String>,
        reason: impl Into<String>,
    ) -> BrowserError {
        BrowserError::Timeout {
            what: what.into(),
            after: self.limit,
            reason: reason.into(),
        }
    }
}
