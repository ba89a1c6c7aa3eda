//! All connections of a server, within a limit.
//!
//! A connection without a permitted request gives way to newer ones, the oldest first: so a probe always gets in, and
//! thousands of silent connections keep nobody out.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use tokio_util::sync::CancellationToken;

/// The connections of one server. Clones count together.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Default)]
struct Shared {
    links: Mutex<Links>,
    open: Gauge<i64, AtomicI64>,
    displaced: Counter,
}

#[derive(Default)]
struct Links {
    /// By their age.
    links: BTreeMap<u64, Link>,
    next: u64,
}

/// What a request knows of its connection.
#[derive(Clone)]
pub(crate) struct Link {
    pub(super) peer: SocketAddr,
    pub(super) cut: CancellationToken,
    is_known: Arc<AtomicBool>,
}

impl Link {
    /// Ends the connection, whatever is still to be written.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// Notes that a request over it was permitted: it gives way no more than others of that kind.
    pub(crate) fn mark_known(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }

    fn may_go(&self) -> bool {
        !self.is_known.load(Ordering::Relaxed)
    }
}

/// A connection's place among the others, until it is dropped.
pub(super) struct Seat {
    pub(super) link: Link,
    number: u64,
    all: Connections,
}

impl Connections {
    /// Makes the counts known to Prometheus.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Shared {
            open, displaced, ..
        } = &*self.0;
        registry.register("connections", "Connections that are open", open.clone());
        let help = "Connections that gave way to newer ones";
        registry.register("connections_displaced", help, displaced.clone());
    }

    /// Takes a connection in, of at most `most`. At most half of all may be of one address without a
    /// permitted request. Where all have one, the oldest of the address with most connections gives way.
    pub(super) fn enter(&self, peer: SocketAddr, most: usize) -> Seat {
        let address = peer.ip().to_canonical();
        let mut table = self.links();
        let victim = if table.links.len() >= most {
            let silent = table.oldest(None).map(|(number, _)| number);
            silent.or_else(|| table.oldest_of_most())
        } else if table.links.len() >= most / 2 {
            let (oldest, count) = table.oldest(Some(address)).unwrap_or_default();
            (count >= most / 2).then_some(oldest)
        } else {
            None
        };
        if let Some(link) = victim.and_then(|number| table.links.remove(&number)) {
            link.cut();
            self.0.displaced.inc();
        }
        let link = Link {
            peer,
            cut: CancellationToken::new(),
            is_known: Arc::default(),
        };
        let number = table.next;
        table.next += 1;
        table.links.insert(number, link.clone());
        self.0.open.set(as_gauge(table.links.len()));
        Seat {
            link,
            number,
            all: self.clone(),
        }
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.0.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Links {
    /// The oldest connection that may go, of this address if one is given, and how many such there are.
    fn oldest(&self, address: Option<IpAddr>) -> Option<(u64, usize)> {
        let is_of =
            |link: &Link| address.is_none_or(|address| link.peer.ip().to_canonical() == address);
        let mut those = self
            .links
            .iter()
            .filter(|(_, link)| link.may_go() && is_of(link));
        let (oldest, _) = those.next()?;
        Some((*oldest, those.count() + 1))
    }

    /// The oldest connection of the address that has most of them.
    fn oldest_of_most(&self) -> Option<u64> {
        let mut counts: BTreeMap<IpAddr, (usize, u64)> = BTreeMap::new();
        for (number, link) in self.links.iter().rev() {
            let of = counts.entry(link.peer.ip().to_canonical()).or_default();
            *of = (of.0 + 1, *number);
        }
        counts.into_values().max().map(|(_, oldest)| oldest)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.all.links();
        table.links.remove(&self.number);
        self.all.0.open.set(as_gauge(table.links.len()));
    }
}

fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Connections, Seat};

    fn from(connections: &Connections, address: &str) -> Seat {
        let peer: SocketAddr = address.parse().expect("an address");
        connections.enter(peer, 4)
    }

    #[test]
    fn who_has_shown_nothing_gives_way_and_who_may_ask_stays() {
        let connections = Connections::default();
        let known = from(&connections, "192.0.2.1:1");
        known.link.mark_known();
        let silent = [2, 3, 4].map(|one| from(&connections, &format!("192.0.2.{one}:1")));
        let probe = from(&connections, "192.0.2.9:1");
        let gone = silent.each_ref().map(|seat| seat.link.cut.is_cancelled());
        assert_eq!(gone, [true, false, false]);
        assert!(!known.link.cut.is_cancelled());
        // One that is gone already leaves the seat of another one alone.
        drop(silent);
        assert_eq!(connections.links().links.len(), 2);
        probe.link.mark_known();
        // Where all may ask, the greediest gives way.
        let greedy = [1, 2].map(|port| from(&connections, &format!("192.0.2.3:{port}")));
        greedy.iter().for_each(|seat| seat.link.mark_known());
        let other = from(&connections, "192.0.2.4:1");
        let gone = [&known, &probe, &greedy[0], &greedy[1], &other];
        let gone = gone.map(|seat| seat.link.cut.is_cancelled());
        assert_eq!(gone, [false, false, true, false, false]);
    }

    #[test]
    fn of_an_address_half_of_all_may_be_silent() {
        let connections = Connections::default();
        let of = |address: &str| from(&connections, address);
        let silent = [
            of("192.0.2.1:1"),
            of("[::ffff:192.0.2.1]:2"),
            of("192.0.2.1:3"),
        ];
        let gone = silent.each_ref().map(|place| place.link.cut.is_cancelled());
        assert_eq!(gone, [true, false, false]);
        let other = of("192.0.2.2:1");
        assert!(!silent[1].link.cut.is_cancelled() && !other.link.cut.is_cancelled());
    }
}
