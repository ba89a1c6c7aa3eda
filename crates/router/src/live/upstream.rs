//! One target: its idle connections, and what is in flight to it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::Exchange;
use crate::upstream::UpstreamConnection;

/// A connection that was idle for longer may be closed by the application just now: many close theirs after five
/// seconds.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// The same for a request that cannot be repeated, should that happen.
const IDLE_LIMIT_UNREPEATABLE: Duration = Duration::from_secs(1);
/// More idle connections to one target are closed.
const IDLE_CONNECTIONS: usize = 256;
/// How long a target that refused a connection is only taken if there is no other.
const REFUSED_COOLDOWN: Duration = Duration::from_secs(1);

/// A target, for as long as a table has it or something is in flight.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    idle: Mutex<VecDeque<(Instant, Box<UpstreamConnection>)>>,
    open: [AtomicUsize; 3],
    withdrawn: AtomicBool,
    refused_at: Mutex<Option<Instant>>,
    /// Notified whenever something ends while the target is withdrawn.
    ended: Notify,
}

impl Upstream {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            idle: Mutex::default(),
            open: Default::default(),
            withdrawn: AtomicBool::new(false),
            refused_at: Mutex::default(),
            ended: Notify::new(),
        }
    }

    /// Counts a request as in flight, unless the target was withdrawn. The order makes a drain complete: this
    /// counts before it reads the flag, a drain sets the flag before it reads the count.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<InFlight> {
        self.open[Exchange::Request as usize].fetch_add(1, SeqCst);
        let in_flight = InFlight {
            upstream: Arc::clone(self),
            exchange: Exchange::Request,
        };
        (!self.withdrawn.load(SeqCst)).then_some(in_flight)
    }

    /// No new request goes here any more, and idle connections are closed.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(true, SeqCst);
        self.idle().clear();
    }

    /// Takes requests again.
    pub(crate) fn admit(&self) {
        self.withdrawn.store(false, SeqCst);
    }

    pub(crate) fn open(&self, exchange: Exchange) -> usize {
        self.open[exchange as usize].load(SeqCst)
    }

    /// How much is open.
    pub(crate) fn load(&self) -> usize {
        self.open.iter().map(|count| count.load(SeqCst)).sum()
    }

    pub(crate) fn is_unused(&self) -> bool {
        self.load() == 0
    }

    pub(crate) fn ended(&self) -> &Notify {
        &self.ended
    }

    /// The idle connection that was used last.
    pub(crate) fn take_idle(&self, repeatable: bool) -> Option<Box<UpstreamConnection>> {
        let limit = if repeatable {
            IDLE_LIMIT
        } else {
            IDLE_LIMIT_UNREPEATABLE
        };
        let mut idle = self.idle();
        if idle.back()?.0.elapsed() > limit {
            return None;
        }
        idle.pop_back().map(|(_, connection)| connection)
    }

    /// Keeps a connection for the next request.
    pub(crate) fn keep_idle(&self, connection: Box<UpstreamConnection>) {
        let mut idle = self.idle();
        // Under the lock: `withdraw` sets the flag before it clears what is here.
        if !self.withdrawn.load(SeqCst) && idle.len() < IDLE_CONNECTIONS {
            idle.push_back((Instant::now(), connection));
        }
    }

    /// Closes the connections that were idle for too long.
    pub(crate) fn sweep(&self) {
        let mut idle = self.idle();
        let expired = idle.partition_point(|(since, _)| since.elapsed() > IDLE_LIMIT);
        idle.drain(..expired);
    }

    /// Notes whether the target accepted a connection.
    pub(crate) fn connected(&self, accepted: bool) {
        *lock(&self.refused_at) = (!accepted).then(Instant::now);
    }

    /// True for a while after it refused a connection.
    pub(crate) fn refused_lately(&self) -> bool {
        lock(&self.refused_at).is_some_and(|at| at.elapsed() < REFUSED_COOLDOWN)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, VecDeque<(Instant, Box<UpstreamConnection>)>> {
        lock(&self.idle)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something in flight to a target, until it is dropped.
pub(crate) struct InFlight {
    upstream: Arc<Upstream>,
    exchange: Exchange,
}

impl InFlight {
    pub(crate) fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// Counts it as something else from now on.
    pub(crate) fn becomes(&mut self, exchange: Exchange) {
        self.upstream.open[exchange as usize].fetch_add(1, SeqCst);
        self.end();
        self.exchange = exchange;
    }

    fn end(&self) {
        self.upstream.open[self.exchange as usize].fetch_sub(1, SeqCst);
        if self.upstream.withdrawn.load(SeqCst) {
            self.upstream.ended.notify_waiters();
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.end();
    }
}
