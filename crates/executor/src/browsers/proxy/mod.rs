//! How the pages of a session reach the network: a SOCKS5 proxy on loopback, which connects to what steps may reach.
//! Names are resolved here, once for each connection, and the connection goes to the address that was checked.

mod connect;
mod socks;

use std::{
    collections::HashMap,
    fs, io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    os::unix::fs::MetadataExt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use browser::FailedRequest;
use reqwest::Url;
use tokio::{
    io::copy_bidirectional_with_sizes,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use crate::addresses::{AddressFilter, Refused};

/// How long the browser may take to say where to.
const ASK_LIMIT: Duration = Duration::from_secs(10);
/// How long to wait when no connection can be accepted, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What is copied at once, in bytes.
const PIECE: usize = 32 << 10;
/// So many hosts are remembered that were not reached. A page may try any number.
const REMEMBERED: usize = 1_000;

/// Why there is no connection to a host.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum NotConnected {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("{0}")]
    Failed(String),
}

/// The proxy of one session. Dropping it ends its connections.
pub(crate) struct PageProxy {
    address: SocketAddrV4,
    way: Arc<Way>,
    task: JoinHandle<()>,
}

struct Way {
    addresses: AddressFilter,
    /// Why the hosts were not reached whose last connection failed, by name and port.
    failures: Mutex<HashMap<(String, u16), NotConnected>>,
}

impl PageProxy {
    /// Listens on a free port of loopback.
    pub(super) async fn open(addresses: AddressFilter) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr()?.port());
        let way = Arc::new(Way {
            addresses,
            failures: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, address, Arc::clone(&way)));
        Ok(Self { address, way, task })
    }

    /// What the browser is told.
    pub(super) fn url(&self) -> String {
        format!("socks5://{}", self.address)
    }

    /// Why the last connection to the host of a URL failed.
    pub(super) fn failure(&self, url: &str) -> Option<NotConnected> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default()?;
        self.way.failures().get(&(host, port)).cloned()
    }

    /// Failed requests, with the reasons that only this proxy knows.
    pub(crate) fn explained(
        &self,
        requests: impl IntoIterator<Item = FailedRequest>,
    ) -> Vec<FailedRequest> {
        let explain = |mut request: FailedRequest| {
            if request.reason.contains(NOT_CONNECTED)
                && let Some(why) = self.failure(&request.url)
            {
                request.reason = why.to_string();
            }
            request
        };
        requests.into_iter().map(explain).collect()
    }
}

/// What Chromium says of each connection that the proxy does not make.
pub(super) const NOT_CONNECTED: &str = "net::ERR_SOCKS_CONNECTION_FAILED";

impl Drop for PageProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes connections; they end with this.
async fn serve(listener: TcpListener, address: SocketAddrV4, way: Arc<Way>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((browser, peer)) => {
                    connections.spawn(Arc::clone(&way).carry(browser, peer, address));
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection of a page is not accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Way {
    /// Carries one connection of the browser. An error ends it, and the browser notices.
    async fn carry(
        self: Arc<Self>,
        mut browser: TcpStream,
        peer: SocketAddr,
        own: SocketAddrV4,
    ) -> io::Result<()> {
        let is_ours = spawn_blocking(move || is_of_this_user(peer, own)).await;
        if !is_ours.unwrap_or(false) {
            tracing::warn!(%peer, "a program of another user tried the proxy of a browser");
            return Ok(());
        }
        browser.set_nodelay(true)?;
        let (host, port) = timeout(ASK_LIMIT, socks::asked(&mut browser)).await??;
        let key = (host, port);
        match connect::connect(&self.addresses, &key.0, port).await {
            Ok(mut server) => {
                self.failures().remove(&key);
                socks::answer(&mut browser, socks::CONNECTED).await?;
                server.set_nodelay(true)?;
                copy_bidirectional_with_sizes(&mut browser, &mut server, PIECE, PIECE).await?;
            }
            Err(why) => {
                self.note(key, why);
                socks::answer(&mut browser, socks::NOT_CONNECTED).await?;
            }
        }
        Ok(())
    }

    fn note(&self, host: (String, u16), why: NotConnected) {
        let mut failures = self.failures();
        if failures.len() >= REMEMBERED {
            failures.clear();
        }
        failures.insert(host, why);
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<(String, u16), NotConnected>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the other end of a connection belongs to a process of this user. Chromium cannot log in to a SOCKS proxy.
fn is_of_this_user(peer: SocketAddr, own: SocketAddrV4) -> bool {
    let SocketAddr::V4(peer) = peer else {
        return false;
    };
    let table = fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
    let user = fs::metadata("/proc/self").map(|process| process.uid());
    user.is_ok_and(|user| owner(&table, peer, own) == Some(user))
}

/// The user whose socket has these ends, in the kernel's table of connections.
fn owner(table: &str, local: SocketAddrV4, remote: SocketAddrV4) -> Option<u32> {
    // Addresses are in the order of the machine, ports are not.
    let written = |end: SocketAddrV4| {
        let address = u32::from_ne_bytes(end.ip().octets());
        format!("{address:08X}:{:04X}", end.port())
    };
    let (local, remote) = (written(local), written(remote));
    let rows = table.lines().map(|row| row.split_ascii_whitespace());
    let mut rows = rows.filter_map(|mut row| {
        let is_it = row.nth(1)? == local && row.next()? == remote;
        is_it.then(|| row.nth(4)?.parse().ok())?
    });
    rows.next()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_connection_of_another_user_is_not_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let SocketAddr::V4(own) = listener.local_addr().expect("an address") else {
            panic!("not IPv4");
        };
        let stream = std::net::TcpStream::connect(own).expect("a connection");
        let peer = stream.local_addr().expect("an address");
        assert!(is_of_this_user(peer, own));
        let SocketAddr::V4(ends) = peer else {
            panic!("not IPv4");
        };
        let table = fs::read_to_string("/proc/self/net/tcp").expect("the table");
        let user = owner(&table, ends, own).expect("the row");
        let other = table.replace(&format!(" {user} "), " 4711 ");
        assert_eq!(owner(&other, ends, own), Some(4711));
        assert_eq!(owner(&table, own, own), None);
    }
}
