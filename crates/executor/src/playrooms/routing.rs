//! The router's table: which service of which playground is reached where, and by which containers.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use docker::engine::Container;
use playground::{labels::PathMatch, routes::ServiceRoute};
use router::{
    BasicAuth, DrainLimits, Drained, HoldLimit, PathRule, RouteEntry, RouteState, RouteTable,
    Router, RouterSettings, WakeHook,
};
use serde::{Deserialize, Serialize};

use super::{CONFIG_LABEL, certificate::CertificateFiles, operation_lock::OperationLock};
use crate::DockerHost;

/// How long a service may take until its response begins.
const RESPONSE_TIMEOUT_MS: u64 = 300_000;

/// What the router needs of a playground: in its directory, and in the outcome of operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PlaygroundRoutes {
    pub(crate) id: i64,
    /// Its Compose project.
    pub(crate) project: String,
    /// The owner mark of its containers.
    pub(crate) owner: String,
    pub(crate) root_domain: String,
    /// What a caller of an internal service has to know.
    pub(crate) auth: Option<BasicAuth>,
    pub(crate) services: Vec<RoutedService>,
    /// After so many seconds without a request it sleeps; 0 for never.
    pub(crate) sleep_after_seconds: u32,
    /// While it sleeps: the containers that the next request starts, by their ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stopped: Vec<String>,
}

impl PlaygroundRoutes {
    /// Whether its containers are stopped until the next request.
    pub(crate) fn is_asleep(&self) -> bool {
        self.is_all(RouteState::Asleep)
    }

    pub(super) fn is_all(&self, state: RouteState) -> bool {
        !self.services.is_empty() && self.services.iter().all(|one| one.state == state)
    }

    /// Puts all services into a state.
    pub(crate) fn set_all(&mut self, state: RouteState) {
        for service in &mut self.services {
            service.state = state;
        }
    }
}

/// A service that is reached through the router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoutedService {
    pub(crate) route: ServiceRoute,
    pub(crate) state: RouteState,
    /// The containers with this value of [`CONFIG_LABEL`] serve; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<String>,
}

/// The router and what it was given.
pub(crate) struct Routing {
    router: Router,
    address: SocketAddr,
    certificate: Mutex<Option<CertificateFiles>>,
    entries: Mutex<BTreeMap<i64, Vec<RouteEntry>>>,
    known: Mutex<BTreeMap<i64, Arc<KnownPlayground>>>,
}

/// A playground as the router knows it.
#[derive(Default)]
pub(crate) struct KnownPlayground {
    /// For one who looks at its containers and changes the table: nobody else does so meanwhile.
    pub(crate) routes: tokio::sync::Mutex<Option<PlaygroundRoutes>>,
    /// For one who starts and stops its containers.
    pub(crate) operation_lock: OperationLock,
    /// How many use it beside the router, so that it does not sleep.
    pub(super) users: AtomicUsize,
}

impl KnownPlayground {
    /// Whether it is to sleep when it is idle. Not while somebody looks at it.
    pub(super) fn may_sleep(&self) -> bool {
        let routes = self.routes.try_lock();
        routes.is_ok_and(|routes| {
            let routes = routes.as_ref();
            routes.is_some_and(|routes| routes.sleep_after_seconds > 0)
        })
    }
}

impl Routing {
    /// Takes the router's address; connections wait until [`Self::accept`]. What sleeps is woken by the hook.
    pub(crate) async fn bind(host: &DockerHost, wake: WakeHook) -> Result<Self, String> {
        let certificate = host.router_https.as_ref().map(CertificateFiles::read);
        let (files, certificate) = certificate.transpose()?.unzip();
        let listen = host.router_listen;
        let settings = RouterSettings {
            http: vec![listen],
            https: host.router_https.iter().map(|one| one.listen).collect(),
            certificates: certificate.into_iter().collect(),
            redirect_to_https: host
                .router_https
                .as_ref()
                .map(|one| one.listen.port())
                .filter(|port| *port != 0),
            metrics: host.router_metrics,
            wake: Some(wake),
            ..RouterSettings::default()
        };
        let router = Router::bind(settings)
            .await
            .map_err(|error| error.to_string())?;
        Ok(Self {
            address: router.http_addresses().first().copied().unwrap_or(listen),
            certificate: Mutex::new(files),
            router,
            entries: Mutex::default(),
            known: Mutex::default(),
        })
    }

    /// Has the router answer, with the routes that it was given.
    pub(crate) fn accept(&self) {
        self.router.accept();
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A playground, which need not have routes.
    pub(crate) fn playground(&self, id: i64) -> Arc<KnownPlayground> {
        let mut known = lock(&self.known);
        Arc::clone(known.entry(id).or_default())
    }

    /// How people reach it: the scheme and the port.
    pub(super) fn reached(&self) -> (&'static str, u16) {
        match self.router.https_addresses().first() {
            Some(secure) => ("https", secure.port()),
            None => ("http", self.address.port()),
        }
    }

    /// Uses the certificate of HTTPS that is in its files now.
    pub(super) fn renew_certificate(&self) {
        if let Some(files) = &mut *lock(&self.certificate)
            && let Some(changed) = files.changed()
        {
            let replaced = changed.and_then(|certificate| {
                let replaced = self.router.replace_certificates(&[certificate]);
                replaced.map_err(|error| error.to_string())
            });
            match replaced {
                Ok(()) => tracing::info!("the router has a new certificate"),
                Err(error) => tracing::warn!(error, "the router keeps its old certificate"),
            }
        }
    }

    /// The playgrounds that had routes since the start.
    pub(super) fn playgrounds(&self) -> Vec<(i64, Arc<KnownPlayground>)> {
        let known = lock(&self.known);
        known
            .iter()
            .map(|(id, one)| (*id, Arc::clone(one)))
            .collect()
    }

    /// How long nothing was asked of a playground; `None` while something is.
    pub(super) fn idle_for(&self, id: i64) -> Option<Duration> {
        self.router.activity(&id.to_string())?.idle_for
    }

    /// Notes that a playground is used, by something that the router does not see.
    pub(crate) fn touch(&self, id: i64) {
        self.router.touch(&id.to_string());
    }

    /// Gives the router a playground's routes with the containers that serve them.
    pub(crate) fn set(
        &self,
        routes: &PlaygroundRoutes,
        containers: &[Container],
    ) -> Result<(), router::Error> {
        let entries = routes
            .services
            .iter()
            .flat_map(|service| service.entries(routes, containers));
        self.replace(routes.id, Some(entries.collect()))
    }

    /// Takes a playground's routes away.
    pub(crate) fn remove(&self, id: i64) -> Result<(), router::Error> {
        lock(&self.known).remove(&id);
        self.replace(id, None)
    }

    fn replace(&self, id: i64, of_one: Option<Vec<RouteEntry>>) -> Result<(), router::Error> {
        let mut entries = lock(&self.entries);
        let mut next = entries.clone();
        match of_one {
            Some(of_one) => next.insert(id, of_one),
            None => next.remove(&id),
        };
        let table = RouteTable {
            routes: next.values().flatten().cloned().collect(),
        };
        self.router.replace(&table)?;
        *entries = next;
        Ok(())
    }

    /// Waits until containers that left the table have answered what they have.
    pub(crate) async fn drain(&self, target: SocketAddr, requests: Duration) -> Drained {
        let limits = DrainLimits {
            requests,
            streams: Duration::ZERO,
        };
        self.router.drain(target, limits).await
    }
}

impl RoutedService {
    /// An entry for each path that the route serves.
    fn entries(&self, routes: &PlaygroundRoutes, containers: &[Container]) -> Vec<RouteEntry> {
        let route = &self.route;
        let entry = RouteEntry {
            id: format!("{}/{}", routes.id, route.service),
            owner: routes.id.to_string(),
            host: route.host(&routes.root_domain),
            path: None,
            state: self.state,
            targets: self.targets(containers),
            auth: routes.auth.clone().filter(|_| route.auth_required),
            hold: HoldLimit::default(),
            response_timeout_ms: RESPONSE_TIMEOUT_MS,
        };
        let Some(rule) = &route.path_rule else {
            return vec![entry];
        };
        let paths = rule.any.iter().enumerate();
        let entries = paths.map(|(number, path)| RouteEntry {
            id: format!("{}#{number}", entry.id),
            path: Some(match path.clone() {
                PathMatch::Path(path) => PathRule::Path(path),
                PathMatch::PathPrefix(path) => PathRule::PathPrefix(path),
                PathMatch::PathRegexp(path) => PathRule::PathRegexp(path),
            }),
            ..entry.clone()
        });
        entries.collect()
    }

    /// The addresses of the containers that serve it now.
    pub(crate) fn targets(&self, containers: &[Container]) -> Vec<SocketAddr> {
        let serves = |container: &&Container| {
            let config = container.labels.get(CONFIG_LABEL);
            container.service == self.route.service
                && !container.one_off
                && container.is_ready()
                && (self.config.is_none() || config == self.config.as_ref())
        };
        let containers = containers.iter().filter(serves);
        containers
            .filter_map(|container| address(container, self.route.port))
            .collect()
    }
}

/// Where a container's port is reached from this machine.
pub(crate) fn address(container: &Container, port: u16) -> Option<SocketAddr> {
    let addresses = container.networks.iter();
    let ip = addresses.filter_map(|network| network.address).next()?;
    Some(SocketAddr::new(ip, port))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
