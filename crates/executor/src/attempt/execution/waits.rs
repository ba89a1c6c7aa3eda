//! What a running step waits for, as the execution sees it: a step that waits can be left at once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use engine::WaitFor;
use futures_util::future::OptionFuture;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::clock;

/// Whether a step works or waits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum StepState {
    /// It works.
    #[default]
    Busy,
    /// It waits a little, between two looks at something else.
    Polls,
    /// It waits for a time alone, and need not be performed meanwhile.
    Until {
        at: Instant,
        /// The same time on the clock, in epoch milliseconds.
        clock_ms: i64,
    },
    /// It waits for what happens about the run, and need not be performed meanwhile.
    News {
        awaited: WaitFor,
        /// The generation of signals before its last look.
        looked: i64,
        /// When it looks again at the latest.
        until: Option<Instant>,
    },
}

/// The state of one step; the execution is woken when it waits.
#[derive(Clone)]
pub(super) struct StepWaits {
    state: Arc<Mutex<StepState>>,
    changed: Arc<Notify>,
}

impl StepWaits {
    pub(super) fn new(changed: Arc<Notify>) -> Self {
        Self {
            state: Arc::default(),
            changed,
        }
    }

    pub(super) fn state(&self) -> StepState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: StepState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        if state != StepState::Busy {
            self.changed.notify_one();
        }
    }

    /// Waits between two looks at something else.
    pub(super) async fn poll(&self, time: Duration) {
        self.set(StepState::Polls);
        tokio::time::sleep(time).await;
        self.set(StepState::Busy);
    }

    /// Waits for news about the run, at most so long.
    pub(super) async fn news(
        &self,
        awaited: WaitFor,
        looked: i64,
        limit: Option<Duration>,
        news: impl Future<Output = ()>,
    ) {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.set(StepState::News {
            awaited,
            looked,
            until,
        });
        tokio::select! {
            () = news => {}
            Some(()) = OptionFuture::from(until.map(sleep_until)) => {}
        }
        self.set(StepState::Busy);
    }

    /// Waits until a time on the clock. With `parks`, the step need not be performed meanwhile.
    pub(super) async fn until(&self, clock_ms: i64, parks: bool) {
        let at = clock::instant(clock_ms);
        if parks {
            self.set(StepState::Until { at, clock_ms });
        }
        sleep_until(at).await;
        self.set(StepState::Busy);
    }
}
