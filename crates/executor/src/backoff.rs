//! How a call is repeated to a server that is away.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// Growing waits between tries.
pub(crate) struct Backoff {
    next: Duration,
    began: Option<Instant>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            next: RETRY_FIRST,
            began: None,
        }
    }
}

impl Backoff {
    /// True before the first wait since the last success.
    pub(crate) fn is_first(&self) -> bool {
        self.began.is_none()
    }

    /// How long ago the first wait since the last success began.
    pub(crate) fn lasts(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    pub(crate) async fn wait(&mut self) {
        self.began.get_or_insert_with(Instant::now);
        let wait = self.next;
        self.next = (wait * 2).min(RETRY_LAST);
        sleep(wait).await;
    }

    /// After a success; says how long it took to come, if there was a wait.
    pub(crate) fn succeed(&mut self) -> Option<Duration> {
        let away = self.began.map(|began| began.elapsed());
        *self = Self::default();
        away
    }
}
