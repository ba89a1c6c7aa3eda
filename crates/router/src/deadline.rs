//! Timeouts that nearly never pass, and move with every request.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

/// A deadline. Moving it to a later time costs nothing: the timer below stays where it is, and moves on when it
/// fires too early.
pub(crate) struct Deadline {
    at: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self {
            at: Instant::now() + limit,
            timer: Box::pin(sleep(limit)),
        }
    }

    pub(crate) fn set(&mut self, at: Instant) {
        self.at = at;
        if at < self.timer.deadline() {
            self.timer.as_mut().reset(at);
        }
    }

    /// Ready when the deadline has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= self.at {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.at);
        }
        Poll::Pending
    }
}

/// The timer of one connection for hyper, which has one timeout at a time: that of the next request's head.
#[derive(Clone)]
pub(crate) struct HeadTimer(Arc<Mutex<Deadline>>);

impl HeadTimer {
    pub(crate) fn new(limit: Duration) -> Self {
        Self(Arc::new(Mutex::new(Deadline::after(limit))))
    }

    fn set(&self, at: Instant) {
        let mut deadline = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.set(at);
    }
}

impl hyper::rt::Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until((Instant::now() + duration).into_std())
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.set(deadline.into());
        Box::pin(HeadSleep(self.clone()))
    }

    fn reset(&self, _: &mut Pin<Box<dyn hyper::rt::Sleep>>, deadline: std::time::Instant) {
        self.set(deadline.into());
    }
}

struct HeadSleep(HeadTimer);

impl hyper::rt::Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut deadline = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.poll(cx)
    }
}
