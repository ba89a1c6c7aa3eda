//! How a call is repeated to a server that is away.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// Growing waits between tries.
pub(crate) struct Backoff {
    first: Duration,
    last: Duration,
    next: Duration,
    began: Option<Instant>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(RETRY_FIRST, RETRY_LAST)
    }
}

impl Backoff {
    /// Waits that double from `first` up to `last`.
    pub(crate) fn new(first: Duration, last: Duration) -> Self {
        Self {
            first,
            last,
            next: first,
            began: None,
        }
    }

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
        self.next = (wait * 2).min(self.last);
        sleep(wait).await;
    }

    /// After a success; says how long it took to come, if there was a wait.
    pub(crate) fn succeed(&mut self) -> Option<Duration> {
        let away = self.began.map(|began| began.elapsed());
        *self = Self::new(self.first, self.last);
        away
    }
}
