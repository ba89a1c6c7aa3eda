//! Carries a plan out, service by service: what is started, switched to, drained, stopped and removed is told by
//! the labels of the containers, so it can be gone on with at any point.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use docker::{
    compose::Up,
    engine::{Container, ContainerState},
};
use futures_util::future::join_all;
use playground::plan::{PlannedService, RolloutPlan, ServiceChange};

use super::{context::Operation, error::OperationError, readiness::awaited, rollout::Destination};
use crate::playrooms::{CONFIG_LABEL, address};

/// How long the compose tool may take to create the containers of a service.
const UP_TIMEOUT: Duration = Duration::from_secs(120);
/// How long requests may take that a container still has when others have taken its place.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);

/// A plan, and the document to which it leads.
pub(super) struct ServiceUpdate<'c> {
    pub(super) plan: &'c RolloutPlan,
    pub(super) to: &'c Destination,
    /// Where the document is.
    pub(super) file: PathBuf,
}

impl ServiceUpdate<'_> {
    /// What the containers of a service shall be made from.
    fn config(&self, service: &str) -> Option<&String> {
        self.to
            .document
            .services
            .get(service)?
            .labels
            .get(CONFIG_LABEL)
    }

    fn replicas(&self, service: &str) -> usize {
        let service = self.to.document.services.get(service);
        service.map_or(0, |service| {
            usize::try_from(service.replicas()).unwrap_or(usize::MAX)
        })
    }

    fn is_new(&self, container: &Container) -> bool {
        let config = self.config(&container.service);
        config.is_some() && container.labels.get(CONFIG_LABEL) == config
    }
}

impl Operation<'_> {
    pub(super) async fn carry_out(
        &mut self,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        for planned in &change.plan.services {
            let PlannedService {
                service,
                change: how,
                reasons,
            } = planned;
            if *how != ServiceChange::Unchanged {
                let why = reasons.join(", ");
                self.printer
                    .line(format!("{service}: {}: {why}", word(how)));
            }
            match how {
                ServiceChange::StartFirst | ServiceChange::Scale { .. } => {
                    self.start_first(service, change).await?;
                }
                ServiceChange::Unchanged => self.keep_running(service, change).await?,
                ServiceChange::Add | ServiceChange::Recreate | ServiceChange::StopFirst { .. } => {
                    self.stop_first(service, change).await?;
                }
                ServiceChange::Remove => {
                    let port = self.port_of(service)?;
                    self.unroute_service(service).await?;
                    let all = self.of_service(service).await?;
                    self.retire(all, port).await?;
                }
            }
        }
        Ok(())
    }

    /// A service that has all its containers stays as it is; one that lost some gets them again.
    async fn keep_running(
        &mut self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        let containers = self.of_service(service).await?;
        let good = containers
            .iter()
            .filter(|one| change.is_new(one) && one.state == ContainerState::Running);
        if good.count() == change.replicas(service)
            && containers.iter().all(|one| change.is_new(one))
        {
            return Ok(());
        }
        self.start_first(service, change).await
    }

    /// New containers become ready and get the requests; then the old ones stop.
    async fn start_first(
        &mut self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        if self.keeps_anonymous_volumes(service, change).await? {
            return self.recreate(service, change).await;
        }
        self.start_new(service, change).await?;
        let port = self.port_of(service)?;
        self.switch(service, change).await?;
        let mut old = self.of_service(service).await?;
        let (new, rest): (Vec<_>, Vec<_>) = old.drain(..).partition(|one| change.is_new(one));
        old = rest;
        // The last ones are too many where there are fewer replicas.
        old.extend(new.into_iter().skip(change.replicas(service)));
        self.retire(old, port).await
    }

    /// The old containers stop; requests wait until new ones are ready.
    async fn stop_first(
        &mut self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        if self.keeps_anonymous_volumes(service, change).await? {
            return self.recreate(service, change).await;
        }
        let mut old = self.of_service(service).await?;
        old.retain(|one| !change.is_new(one));
        if !old.is_empty() {
            let port = self.port_of(service)?;
            self.hold(service).await?;
            self.retire(old, port).await?;
        }
        self.start_new(service, change).await?;
        self.switch(service, change).await
    }

    /// Whether old containers have data in volumes without a name, which only the compose tool hands on, from a
    /// container to the one in its place.
    async fn keeps_anonymous_volumes(
        &self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<bool, OperationError> {
        let containers = self.of_service(service).await?;
        let mut old = containers.iter().filter(|one| !change.is_new(one));
        Ok(old.any(|one| one.has_anonymous_volumes))
    }

    /// New containers take the places of the old ones, with their volumes; requests wait meanwhile.
    async fn recreate(
        &mut self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        self.hold(service).await?;
        let up = Up {
            services: vec![service.to_owned()],
            no_deps: true,
            ..Up::default()
        };
        self.up(&up, change).await?;
        self.become_ready(service, change).await?;
        self.switch(service, change).await
    }

    /// Makes as many new containers as there have to be, beside the old ones, and waits until they are ready.
    async fn start_new(
        &mut self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        let containers = self.of_service(service).await?;
        let (new, old): (Vec<_>, Vec<_>) =
            containers.into_iter().partition(|one| change.is_new(one));
        let (good, broken): (Vec<_>, Vec<_>) = new.into_iter().partition(|one| {
            matches!(one.state, ContainerState::Running | ContainerState::Created)
        });
        // An earlier attempt left them.
        for container in &broken {
            self.playroom.engine.remove(&container.id).await?;
        }
        let replicas = change.replicas(service);
        let idle = good.iter().any(|one| one.state == ContainerState::Created);
        if good.len() < replicas || idle {
            let count = old.len() + replicas.max(good.len());
            let up = Up {
                services: vec![service.to_owned()],
                no_deps: true,
                no_recreate: true,
                scale: BTreeMap::from([(
                    service.to_owned(),
                    u32::try_from(count).unwrap_or(u32::MAX),
                )]),
                ..Up::default()
            };
            self.up(&up, change).await?;
        }
        self.become_ready(service, change).await
    }

    /// Has the compose tool bring up the document to which the change leads.
    async fn up(&mut self, up: &Up, change: &ServiceUpdate<'_>) -> Result<(), OperationError> {
        let project = self.project(change.file.clone());
        let started = self
            .compose(UP_TIMEOUT, async |watch| project.up(up, watch).await)
            .await;
        match started {
            Ok(_) => Ok(()),
            Err(error) => Err(self.compose_failed(&error).await),
        }
    }

    async fn become_ready(
        &self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        let name = service.to_owned();
        let awaited = awaited(&change.to.document, &change.to.routes, [&name]);
        self.ready(&awaited).await.map(drop)
    }

    /// Waits for the requests that containers have at a port, stops them within their grace and removes them.
    async fn retire(
        &self,
        containers: Vec<Container>,
        port: Option<u16>,
    ) -> Result<(), OperationError> {
        let retired = containers.iter().map(|container| async move {
            let target = port.and_then(|port| address(container, port));
            if let Some(target) = target {
                let left = self.playroom.routing.drain(target, DRAIN_LIMIT).await;
                if left.requests_left > 0 {
                    let count = left.requests_left;
                    self.printer
                        .line(format!("{}: {count} requests are cut off", container.name));
                }
            }
            if container.state == ContainerState::Running {
                self.playroom.engine.stop(&container.id, None).await?;
            }
            self.playroom.engine.remove(&container.id).await?;
            self.printer.line(format!("{} removed", container.name));
            Ok::<_, OperationError>(())
        });
        join_all(retired).await.into_iter().collect()
    }

    /// The containers of a service.
    async fn of_service(&self, service: &str) -> Result<Vec<Container>, OperationError> {
        let mut containers = self.containers().await?;
        containers.retain(|one| one.service == service);
        Ok(containers)
    }
}

fn word(change: &ServiceChange) -> &'static str {
    match change {
        ServiceChange::Unchanged => "stays",
        ServiceChange::StartFirst => "new containers start first",
        ServiceChange::StopFirst { .. } => "the old containers stop first",
        ServiceChange::Recreate => "is recreated",
        ServiceChange::Scale { .. } => "is scaled",
        ServiceChange::Add => "is added",
        ServiceChange::Remove => "is removed",
    }
}
