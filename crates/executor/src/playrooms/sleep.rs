//! Sleep: the containers of an idle playground are stopped, and started again by the next request, which waits for
//! them at the router.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use docker::{
    Owner,
    engine::{Container, ContainerState},
};
use futures_util::future::join_all;
use playground::{compose::ComposeDocument, plan::start_order};
use router::RouteState;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::{PlaygroundDirectory, PlaygroundRoutes, Playroom, routing::KnownPlayground};

/// How often it is looked for what is idle.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// How long services may take until they are ready again.
const WAKE_LIMIT: Duration = Duration::from_secs(120);
/// How often they are looked at meanwhile: a request waits.
const WAKE_PERIOD: Duration = Duration::from_millis(15);
/// How long a connection may take then. The kernel takes it at once, but what is sent to a container before its
/// network is there is lost, and would be sent again only after a second.
const WAKE_CONNECT_LIMIT: Duration = Duration::from_millis(40);

/// Puts idle playgrounds to sleep, until it is dropped.
pub(crate) async fn watch_idle(playroom: Arc<Playroom>) {
    loop {
        sleep(LOOK_PERIOD).await;
        playroom.routing.renew_certificate();
        for (id, known) in playroom.routing.playgrounds() {
            if !known.may_sleep() {
                continue;
            }
            let playroom = Arc::clone(&playroom);
            // Containers may take their time to stop.
            tokio::spawn(async move {
                if let Err(why) = playroom.put_to_sleep(id, &known).await {
                    tracing::warn!(playground = id, why, "a playground does not sleep");
                }
            });
        }
    }
}

impl Playroom {
    /// The containers of a playground that sleeps: the next request starts them. `None` when it does not sleep.
    pub(super) async fn stopped_to_sleep(&self, id: i64) -> Option<Vec<String>> {
        let known = self.routing.playground(id);
        let routes = known.routes.lock().await;
        let asleep = routes.as_ref().filter(|routes| routes.is_asleep());
        asleep.map(|routes| routes.stopped.clone())
    }

    /// Stops a playground's containers if nothing was asked of it for long enough, and it works.
    async fn put_to_sleep(&self, id: i64, known: &KnownPlayground) -> Result<(), String> {
        let Ok(_locked) = known.operation_lock.try_lock() else {
            return Ok(());
        };
        let Some(before) = known.routes.lock().await.clone() else {
            return Ok(());
        };
        let limit = Duration::from_secs(before.sleep_after_seconds.into());
        let is_idle = || {
            let idle_for = self.routing.idle_for(id);
            idle_for.is_some_and(|idle| idle >= limit) && known.users.load(SeqCst) == 0
        };
        if limit.is_zero() || !before.is_all(RouteState::Serving) || !is_idle() {
            return Ok(());
        }
        let (directory, owner) = self.place(&before)?;
        let mut running = self.containers(&owner, id).await.map_err(shown)?;
        running.retain(runs);
        let lacks_target = |service: &super::RoutedService| service.targets(&running).is_empty();
        if before.services.iter().any(lacks_target) {
            // What is wrong with it is to be seen.
            return Ok(());
        }
        let mut asleep = before.clone();
        asleep.set_all(RouteState::Asleep);
        asleep.stopped = running.iter().map(|one| one.id.clone()).collect();
        // From now on requests wait, and wake it once this is over.
        self.route(asleep, &directory, &owner)
            .await
            .map_err(shown)?;
        if !is_idle() {
            // One that came before is being answered.
            return self.route(before, &directory, &owner).await.map_err(shown);
        }
        tracing::info!(project = before.project, "a playground sleeps");
        self.stop_all(&running, known).await
    }

    /// Stops what runs of a playground that sleeps: the executor may have ended before, or the engine started it.
    pub(super) async fn stop_again(&self, id: i64, containers: &[Container]) -> Result<(), String> {
        let known = self.routing.playground(id);
        let Ok(_locked) = known.operation_lock.try_lock() else {
            return Ok(());
        };
        let routes = known.routes.lock().await.clone();
        if !routes.is_some_and(|routes| routes.is_asleep()) {
            return Ok(());
        }
        let running: Vec<Container> = containers.iter().filter(|one| runs(one)).cloned().collect();
        self.stop_all(&running, &known).await
    }

    /// Starts what was stopped, each service after those that it needs, and gives it the requests that wait. For
    /// one who has the operation lock. What does not sleep stays as it is; what does not become ready in time is
    /// awake all the same, so that its state is to be seen.
    pub(crate) async fn wake(&self, id: i64, known: &KnownPlayground) -> Result<(), String> {
        let routes = known.routes.lock().await.clone();
        let Some(mut routes) = routes.filter(PlaygroundRoutes::is_asleep) else {
            return Ok(());
        };
        let (directory, owner) = self.place(&routes)?;
        let woken = self.start_stopped(&routes, &directory, &owner).await;
        routes.set_all(RouteState::Serving);
        routes.stopped.clear();
        let project = routes.project.clone();
        self.routing.touch(id);
        self.route(routes, &directory, &owner)
            .await
            .map_err(shown)?;
        self.look_at(id);
        woken.inspect(|()| tracing::info!(project, "a playground is awake"))
    }

    async fn start_stopped(
        &self,
        routes: &PlaygroundRoutes,
        directory: &PlaygroundDirectory,
        owner: &Owner,
    ) -> Result<(), String> {
        let until = Instant::now() + WAKE_LIMIT;
        let document = directory.document().map_err(shown)?.unwrap_or_default();
        let mut stopped = self.containers(owner, routes.id).await.map_err(shown)?;
        stopped.retain(|one| routes.stopped.contains(&one.id));
        let services: BTreeSet<&String> = stopped.iter().map(|one| &one.service).collect();
        for service in start_order(&document).map_err(shown)? {
            if !services.contains(&service) {
                continue;
            }
            for needed in healthy_before(&document, &service) {
                if services.contains(needed) {
                    let lacks = |all: &[Container]| lacks_health(all, needed);
                    self.await_none((routes, owner), until, lacks).await?;
                }
            }
            let ours = stopped.iter().filter(|one| one.service == service);
            let starts = ours.map(|one| self.engine.start(&one.id));
            let started: Result<Vec<()>, _> = join_all(starts).await.into_iter().collect();
            started.map_err(|error| format!("service `{service}`: {error}"))?;
        }
        self.await_routed(routes, (owner, &services), until).await
    }

    /// Waits until every service that was started and has a route takes connections.
    async fn await_routed(
        &self,
        routes: &PlaygroundRoutes,
        (owner, started): (&Owner, &BTreeSet<&String>),
        until: Instant,
    ) -> Result<(), String> {
        for service in &routes.services {
            let name = &service.route.service;
            if !started.contains(name) {
                continue;
            }
            let mut targets = Vec::new();
            self.await_none((routes, owner), until, |containers| {
                targets = service.targets(containers);
                targets
                    .is_empty()
                    .then(|| format!("service `{name}` is not ready"))
            })
            .await?;
            for target in targets {
                while !connects(target, WAKE_CONNECT_LIMIT).await {
                    in_time(until, || format!("service `{name}` does not listen"))?;
                    sleep(WAKE_PERIOD).await;
                }
            }
        }
        Ok(())
    }

    /// Looks at the containers until nothing is lacking.
    async fn await_none(
        &self,
        (routes, owner): (&PlaygroundRoutes, &Owner),
        until: Instant,
        mut lacks: impl FnMut(&[Container]) -> Option<String>,
    ) -> Result<(), String> {
        loop {
            let containers = self.containers(owner, routes.id).await.map_err(shown)?;
            let Some(what) = lacks(&containers) else {
                return Ok(());
            };
            in_time(until, || what)?;
            sleep(WAKE_PERIOD).await;
        }
    }

    /// Where a playground is, and whose it is.
    fn place(&self, routes: &PlaygroundRoutes) -> Result<(PlaygroundDirectory, Owner), String> {
        let directory = self.directory(&routes.project).map_err(shown)?;
        let owner = Owner::new(&routes.owner).ok_or("its containers have no owner mark")?;
        Ok((directory, owner))
    }
}

/// Whether there is something to stop.
fn runs(container: &Container) -> bool {
    matches!(
        container.state,
        ContainerState::Running | ContainerState::Restarting
    )
}

/// Whether something listens at the address.
pub(crate) async fn connects(address: SocketAddr, limit: Duration) -> bool {
    matches!(timeout(limit, TcpStream::connect(address)).await, Ok(Ok(_)))
}

/// The services that have to be healthy before one starts.
fn healthy_before<'a>(
    document: &'a ComposeDocument,
    service: &str,
) -> impl Iterator<Item = &'a String> {
    let needs = document.services.get(service).map(|one| &one.depends_on);
    let needs = needs.into_iter().flatten();
    let is_health = |condition: &serde_json::Value| condition == "service_healthy";
    needs
        .filter(move |(_, needed)| needed.get("condition").is_some_and(is_health))
        .map(|(name, _)| name)
}

/// What a service lacks to be healthy.
fn lacks_health(containers: &[Container], service: &str) -> Option<String> {
    let mut ours = containers.iter().filter(|one| one.service == service);
    let is_healthy = ours.any(Container::is_ready);
    (!is_healthy).then(|| format!("service `{service}` is not healthy"))
}

/// Refuses when the time is over.
fn in_time(until: Instant, what: impl FnOnce() -> String) -> Result<(), String> {
    match Instant::now() < until {
        true => Ok(()),
        false => Err(format!(
            "not ready within {} s: {}",
            WAKE_LIMIT.as_secs(),
            what()
        )),
    }
}

fn shown(error: impl std::fmt::Display) -> String {
    error.to_string()
}
