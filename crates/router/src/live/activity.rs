//! Whether an owner is in use: what sleep on idle decides by.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::Exchange;

/// What an owner's routes do right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Requests that are held or under way, downloads and uploads too.
    pub requests: usize,
    /// Event streams that are open.
    pub event_streams: usize,
    /// WebSockets and other upgraded connections that are open.
    pub sockets: usize,
    /// How long nothing has been open; `None` while something is. Without any request yet, since the owner
    /// came into the table.
    pub idle_for: Option<Duration>,
}

/// Counts what is open for one owner.
pub(crate) struct OwnerActivity {
    pub(crate) name: String,
    since: Instant,
    open: [AtomicUsize; 3],
    /// Milliseconds after `since`.
    last_end: AtomicU64,
}

impl OwnerActivity {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            since: Instant::now(),
            open: Default::default(),
            last_end: AtomicU64::new(0),
        }
    }

    /// Counts a request until the returned value is dropped.
    pub(crate) fn open(self: &Arc<Self>) -> OpenRequest {
        self.open[Exchange::Request as usize].fetch_add(1, Relaxed);
        OpenRequest {
            owner: Arc::clone(self),
            exchange: Exchange::Request,
        }
    }

    /// Counts it as used until now.
    pub(crate) fn touch(&self) {
        let since = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_end.fetch_max(since, Relaxed);
    }

    pub(crate) fn read(&self) -> Activity {
        let [requests, event_streams, sockets] = &self.open;
        let open = [requests, event_streams, sockets].map(|count| count.load(Relaxed));
        let last_end = self.since + Duration::from_millis(self.last_end.load(Relaxed));
        Activity {
            requests: open[0],
            event_streams: open[1],
            sockets: open[2],
            idle_for: (open == [0; 3]).then(|| last_end.elapsed()),
        }
    }
}

/// A request that is open.
pub(crate) struct OpenRequest {
    owner: Arc<OwnerActivity>,
    exchange: Exchange,
}

impl OpenRequest {
    /// Counts it as something else from now on.
    pub(crate) fn becomes(&mut self, exchange: Exchange) {
        self.owner.open[exchange as usize].fetch_add(1, Relaxed);
        self.owner.open[self.exchange as usize].fetch_sub(1, Relaxed);
        self.exchange = exchange;
    }

    /// Whose it is.
    pub(crate) fn owner(&self) -> &Arc<OwnerActivity> {
        &self.owner
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.owner.touch();
        self.owner.open[self.exchange as usize].fetch_sub(1, Relaxed);
    }
}
