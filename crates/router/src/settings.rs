//! What the owner of the router decides when it starts.

use std::{fmt, future::Future, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use ipnet::IpNet;

use crate::tls::Certificate;

/// Where the router listens and what it allows.
#[derive(Clone)]
pub struct RouterSettings {
    /// Addresses for plain HTTP; port 0 takes a free one.
    pub http: Vec<SocketAddr>,
    /// Addresses for HTTPS. They need [`RouterSettings::certificates`].
    pub https: Vec<SocketAddr>,
    /// Where `GET /metrics` has the counters, in the text format of Prometheus.
    pub metrics: Option<SocketAddr>,
    /// The certificates of HTTPS; the name that a client asks for chooses, the first is for all other names.
    pub certificates: Vec<Certificate>,
    /// Sends plain HTTP on to HTTPS on this port, as users reach it.
    pub redirect_to_https: Option<u16>,
    /// Proxies in front of the router, whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a request's head may take, and how long a connection may be idle.
    pub header_timeout: Duration,
    /// How large a request's head may be, in bytes.
    pub header_limit: usize,
    /// How many connections are open at once; more wait to be accepted.
    pub connection_limit: usize,
    /// How long a target may take to accept a connection.
    pub connect_timeout: Duration,
    /// Called when a route that is asleep is asked for.
    pub wake: Option<WakeHook>,
}

impl Default for RouterSettings {
    fn default() -> Self {
        Self {
            http: Vec::new(),
            https: Vec::new(),
            metrics: None,
            certificates: Vec::new(),
            redirect_to_https: None,
            trusted_proxies: Vec::new(),
            header_timeout: Duration::from_secs(60),
            header_limit: 64 * 1024,
            connection_limit: 8192,
            connect_timeout: Duration::from_secs(2),
            wake: None,
        }
    }
}

type Waking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Wakes an owner: given its name, it ends when a new table is there, or with the reason why there will be
/// none, which callers are shown. Only one call for each owner runs at a time, however many requests wait.
#[derive(Clone)]
pub struct WakeHook(Arc<dyn Fn(String) -> Waking + Send + Sync>);

impl WakeHook {
    /// Wakes by this function.
    pub fn new<F, W>(wake: W) -> Self
    where
        W: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self(Arc::new(move |owner| Box::pin(wake(owner))))
    }

    pub(crate) fn call(&self, owner: String) -> Waking {
        (self.0)(owner)
    }
}

impl fmt::Debug for WakeHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WakeHook")
    }
}
