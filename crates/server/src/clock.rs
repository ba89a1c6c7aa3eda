//! The one source of time, ids and randomness of the server.

use std::{sync::Arc, time::Duration};

use engine::RunId;

/// Tells the time and draws what must not be drawn inside the rules. Tests put their own in.
#[derive(Clone)]
pub struct Clock {
    source: Arc<dyn Source>,
}

/// Where time, ids and randomness come from.
pub trait Source: Send + Sync + 'static {
    /// Epoch milliseconds.
    fn now_ms(&self) -> i64;

    /// An id for a run that is made now. Ids of one process rise.
    fn run_id(&self) -> RunId;

    /// A number from 0 to 1.
    fn jitter(&self) -> f64;
}

impl Clock {
    /// A clock of the caller's.
    pub fn new(source: impl Source) -> Self {
        Self {
            source: Arc::new(source),
        }
    }

    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(System)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.source.now_ms()
    }

    pub(crate) fn run_id(&self) -> RunId {
        self.source.run_id()
    }

    pub(crate) fn jitter(&self) -> f64 {
        self.source.jitter()
    }
}

struct System;

impl Source for System {
    #[expect(clippy::disallowed_methods, reason = "the one source of time")]
    fn now_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }

    fn run_id(&self) -> RunId {
        uuid::Uuid::now_v7().into()
    }

    fn jitter(&self) -> f64 {
        rand::random()
    }
}

/// A setting in the store's unit.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
