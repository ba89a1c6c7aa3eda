//! Draining: a target gets no new request, and what it has may end.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{Exchange, Upstream};

/// How long a drain waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainLimits {
    /// For requests: until the last byte of each response.
    pub requests: Duration,
    /// For event streams, WebSockets and other upgraded connections, which end when the application or the
    /// caller ends them. Zero does not wait for them.
    pub streams: Duration,
}

/// What was still open when a drain ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Requests that took longer than the limit; they go on.
    pub requests_left: usize,
    /// Event streams.
    pub event_streams_left: usize,
    /// WebSockets and other upgraded connections.
    pub sockets_left: usize,
}

/// Withdraws the target and waits.
pub(super) async fn drain(upstream: &Arc<Upstream>, limits: DrainLimits) -> Drained {
    upstream.withdraw();
    let now = Instant::now();
    let count = |exchange| upstream.open(exchange);
    wait(upstream, now + limits.requests, || {
        count(Exchange::Request) == 0
    })
    .await;
    wait(upstream, now + limits.streams, || {
        count(Exchange::EventStream) + count(Exchange::Socket) == 0
    })
    .await;
    Drained {
        requests_left: count(Exchange::Request),
        event_streams_left: count(Exchange::EventStream),
        sockets_left: count(Exchange::Socket),
    }
}

async fn wait(upstream: &Upstream, deadline: Instant, done: impl Fn() -> bool) {
    loop {
        let ended = upstream.ended().notified();
        tokio::pin!(ended);
        // Before the count is read, so that no end is missed in between.
        ended.as_mut().enable();
        if done() || timeout_at(deadline, ended).await.is_err() {
            return;
        }
    }
}
