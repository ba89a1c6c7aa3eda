//! The one source of time, ids and randomness of the server.

use std::sync::Arc;

use engine::RunId;

/// Tells the time and draws what must not be drawn inside the rules. Tests put their own in.
#[derive(Clone)]
pub(crate) struct Clock {
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Clock {
    /// The machine's clock.
    pub(crate) fn system() -> Self {
        Self {
            now: Arc::new(system_ms),
        }
    }

    /// Epoch milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.now)()
    }

    /// An id for a run that is made now. Ids of one process rise.
    pub(crate) fn run_id(&self) -> RunId {
        uuid::Uuid::now_v7().into()
    }

    /// A random number from 0 to 1.
    pub(crate) fn draw(&self) -> f64 {
        rand::random()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one source of time")]
fn system_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
