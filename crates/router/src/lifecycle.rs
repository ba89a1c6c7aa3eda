//! How the router ends: what runs, and when it is to stop.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Acquire, Ordering::Release},
    },
    task::Poll,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Shared by listeners, connections and tunnels.
#[derive(Clone, Default)]
pub(crate) struct Lifecycle {
    /// Connections and tunnels.
    pub(crate) tasks: TaskTracker,
    /// No new connection; open ones close after their response.
    pub(crate) closing: CancellationToken,
    /// Open ones are cut.
    pub(crate) cut: CancellationToken,
    /// One of the two was cancelled.
    ending: Arc<AtomicBool>,
}

impl Lifecycle {
    pub(crate) fn close(&self) {
        self.ending.store(true, Release);
        self.closing.cancel();
    }

    pub(crate) fn cut(&self) {
        self.ending.store(true, Release);
        self.cut.cancel();
    }

    /// Runs until the future is done, or the token, one of ours, is cancelled. Made for futures that are polled with
    /// every packet: only the first time it asks the token, which then wakes the task, and later a flag.
    pub(crate) async fn run_until<F: Future>(
        &self,
        token: &CancellationToken,
        mut future: Pin<&mut F>,
    ) -> Option<F::Output> {
        let mut cancelled = pin!(token.cancelled());
        let mut asked = false;
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            if !asked || self.ending.load(Acquire) {
                asked = true;
                return cancelled.as_mut().poll(cx).map(|()| None);
            }
            Poll::Pending
        })
        .await
    }
}
