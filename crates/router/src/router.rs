//! The handle of a running router.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    error::Error,
    listener::Acceptor,
    live::{Activity, DrainLimits, Drained, RouterMetrics},
    proxy::Proxy,
    scrape,
    settings::RouterSettings,
    table::RouteTable,
    tls::{self, Certificate, Certificates},
};

/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(2);

/// A running router. Dropping it cuts everything; [`Router::shutdown`] does not.
pub struct Router {
    acceptor: Acceptor,
    certificates: Arc<Certificates>,
    http: Vec<SocketAddr>,
    https: Vec<SocketAddr>,
    metrics: Option<SocketAddr>,
    /// Bound, and not accepting yet.
    bound: Mutex<Vec<(TcpListener, Option<TlsAcceptor>)>>,
}

impl Router {
    /// Listens on all addresses of the settings, with an empty table.
    pub async fn start(settings: RouterSettings) -> Result<Self, Error> {
        let router = Self::bind(settings).await?;
        router.accept();
        Ok(router)
    }

    /// The same, but connections wait until [`Router::accept`]: until there is a table, for one that takes the
    /// place of a router that ended.
    pub async fn bind(settings: RouterSettings) -> Result<Self, Error> {
        let certificates = Arc::new(Certificates::default());
        certificates.replace(&settings.certificates)?;
        let tls = if settings.https.is_empty() {
            None
        } else if settings.certificates.is_empty() {
            return Err(Error::NoCertificate);
        } else {
            let config = tls::server_config(Arc::clone(&certificates))?;
            Some(TlsAcceptor::from(config))
        };
        let http = listen(&settings.http).await?;
        let https = listen(&settings.https).await?;
        let scraped = listen(settings.metrics.as_slice()).await?.pop();
        let acceptor = Acceptor {
            connections: Arc::new(Semaphore::new(settings.connection_limit)),
            proxy: Arc::new(Proxy::new(settings)),
        };
        let router = Self {
            http: http.iter().map(|(address, _)| *address).collect(),
            https: https.iter().map(|(address, _)| *address).collect(),
            metrics: scraped.as_ref().map(|(address, _)| *address),
            bound: Mutex::new(Vec::with_capacity(http.len() + https.len())),
            certificates,
            acceptor,
        };
        let plain = http.into_iter().map(|(_, listener)| (listener, None));
        let secure = https
            .into_iter()
            .map(|(_, listener)| (listener, tls.clone()));
        router.bound().extend(plain.chain(secure));
        tokio::spawn(sweep(router.acceptor.clone()));
        if let Some((_, listener)) = scraped {
            tokio::spawn(scrape::serve(listener, Arc::clone(&router.acceptor.proxy)));
        }
        Ok(router)
    }

    /// Accepts connections from now on, those that wait first.
    pub fn accept(&self) {
        for (listener, tls) in self.bound().drain(..) {
            tokio::spawn(self.acceptor.clone().accept(listener, tls));
        }
    }

    fn bound(&self) -> MutexGuard<'_, Vec<(TcpListener, Option<TlsAcceptor>)>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses for plain HTTP, in the order of the settings.
    pub fn http_addresses(&self) -> &[SocketAddr] {
        &self.http
    }

    /// The addresses for HTTPS, in the order of the settings.
    pub fn https_addresses(&self) -> &[SocketAddr] {
        &self.https
    }

    /// The address of the counters, if they have one.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Replaces the table at once, for every request that comes from now on. Targets and routes that both tables
    /// have keep connections, counts and counters. A wrong table changes nothing.
    pub fn replace(&self, table: &RouteTable) -> Result<(), Error> {
        self.acceptor.proxy.registry.replace(table)
    }

    /// Replaces the certificates; connections that are open keep theirs.
    pub fn replace_certificates(&self, certificates: &[Certificate]) -> Result<(), Error> {
        self.certificates.replace(certificates)
    }

    /// Sends no new request to a target, and waits until what it has ended. The target may be in the table, or
    /// have left it. It takes requests again when a table has it after one that had not.
    pub async fn drain(&self, target: SocketAddr, limits: DrainLimits) -> Drained {
        self.acceptor.proxy.registry.drain(target, limits).await
    }

    /// What the routes of an owner do right now; `None` if the table has no such owner.
    pub fn activity(&self, owner: &str) -> Option<Activity> {
        self.acceptor.proxy.registry.activity(owner)
    }

    /// Counts an owner as used until now, by something else than a request.
    pub fn touch(&self, owner: &str) {
        self.acceptor.proxy.registry.touch(owner);
    }

    /// The counters of all routes in the table.
    pub fn metrics(&self) -> RouterMetrics {
        self.acceptor.proxy.registry.metrics()
    }

    /// Accepts no more connections, waits for requests in flight, and then cuts what is left. Returns how
    /// many connections were cut.
    pub async fn shutdown(self, grace: Duration) -> usize {
        let lifecycle = &self.acceptor.proxy.lifecycle;
        lifecycle.close();
        let tasks = &lifecycle.tasks;
        tasks.close();
        let left = match timeout(grace, tasks.wait()).await {
            Ok(()) => 0,
            Err(_) => tasks.len(),
        };
        lifecycle.cut();
        tasks.wait().await;
        left
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.acceptor.proxy.lifecycle.close();
        self.acceptor.proxy.lifecycle.cut();
    }
}

async fn listen(addresses: &[SocketAddr]) -> Result<Vec<(SocketAddr, TcpListener)>, Error> {
    let mut listeners = Vec::new();
    for address in addresses {
        let failed = |error| Error::Listen {
            address: *address,
            error,
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        listeners.push((listener.local_addr().map_err(failed)?, listener));
    }
    Ok(listeners)
}

async fn sweep(acceptor: Acceptor) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => acceptor.proxy.registry.sweep(),
            () = acceptor.proxy.lifecycle.cut.cancelled() => return,
        }
    }
}
