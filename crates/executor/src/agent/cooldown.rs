//! What this executor lacks for its work, as room on its disk, and the rest that it takes then: what it
//! releases would else come straight back to it, until the attempts are used up.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// The first rest; it doubles with each further one, until something was performed again.
const FIRST: Duration = Duration::from_secs(5);
const LAST: Duration = Duration::from_secs(60);

pub(super) struct Cooldown {
    state: Mutex<State>,
    met: Notify,
}

struct State {
    until: Option<Instant>,
    next: Duration,
    /// Why it claims nothing, until a check finds that it can work.
    suspended: Option<String>,
}

impl Default for Cooldown {
    fn default() -> Self {
        let state = State {
            until: None,
            next: FIRST,
            suspended: None,
        };
        Self {
            state: Mutex::new(state),
            met: Notify::new(),
        }
    }
}

impl Cooldown {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something could not be performed. Several at once are one trouble.
    pub(super) fn meet(&self) {
        let mut state = self.state();
        let now = Instant::now();
        if state.until.is_none_or(|until| until <= now) {
            state.until = Some(now + state.next);
            state.next = (state.next * 2).min(LAST);
        }
        self.met.notify_waiters();
    }

    /// This executor cannot work at all, and why. It is to be checked after the rest.
    pub(super) fn suspend(&self, why: String) {
        if self.suspended().as_ref() != Some(&why) {
            tracing::error!(why, "the executor suspends itself: it claims nothing");
        }
        self.state().suspended = Some(why);
        self.meet();
    }

    /// It can work again.
    pub(super) fn lift(&self) {
        if self.state().suspended.take().is_some() {
            tracing::info!("the executor claims again");
        }
    }

    /// Why it claims nothing.
    pub(super) fn suspended(&self) -> Option<String> {
        self.state().suspended.clone()
    }

    /// Something was performed.
    pub(super) fn pass(&self) {
        self.state().next = FIRST;
    }

    /// Whether it rests now.
    pub(super) fn is_resting(&self) -> bool {
        let state = self.state();
        let rests = state.until.is_some_and(|until| until > Instant::now());
        rests || state.suspended.is_some()
    }

    /// Waits until the rest is over, if there is one.
    pub(super) async fn rest(&self) {
        let until = self.state().until;
        if let Some(until) = until {
            sleep_until(until).await;
        }
    }

    /// Waits for the next trouble.
    pub(super) async fn met(&self) {
        self.met.notified().await;
    }
}
