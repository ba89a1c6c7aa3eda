//! Waits until services run and are healthy, and fails as soon as one cannot become so.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use docker::engine::{Container, ContainerHealth, ContainerState};
use jiff::Timestamp;
use playground::{compose::ComposeDocument, routes::ServiceRoute};
use tokio::time::{Instant, sleep};

use super::{context::Operation, error::OperationError};
use crate::playrooms::{CONFIG_LABEL, address, connects};

/// How often services are looked at.
const LOOK_PERIOD: Duration = Duration::from_millis(100);
/// How long a connection to a service may take.
const CONNECT_LIMIT: Duration = Duration::from_millis(500);
/// A container without any check has to run so long: many that cannot work end at once.
const SETTLE: Duration = Duration::from_millis(600);
/// A container that the engine starts again so often does not get better.
const RESTARTS: i64 = 3;

/// When a service is ready.
#[derive(Clone, Debug, Default)]
pub(super) struct Awaited {
    /// Its containers have this value of [`CONFIG_LABEL`].
    config: Option<String>,
    replicas: usize,
    /// It does its work and ends; others wait for that.
    runs_once: bool,
    /// The router sends requests to this port.
    port: Option<u16>,
    /// How long its health check may take until it has decided.
    decides: Duration,
}

/// When the services of a document are ready, those that `wanted` names.
pub(super) fn awaited<'n>(
    document: &ComposeDocument,
    routes: &[ServiceRoute],
    wanted: impl IntoIterator<Item = &'n String>,
) -> BTreeMap<String, Awaited> {
    let mut awaited = BTreeMap::new();
    for name in wanted {
        let Some(service) = document.services.get(name) else {
            continue;
        };
        let completes = |other: &playground::compose::ComposeService| {
            let condition = other
                .depends_on
                .get(name)
                .and_then(|one| one.get("condition"));
            condition.is_some_and(|condition| condition == "service_completed_successfully")
        };
        let route = routes.iter().find(|route| route.service == *name);
        let one = Awaited {
            config: service.labels.get(CONFIG_LABEL).cloned(),
            replicas: usize::try_from(service.replicas()).unwrap_or(usize::MAX),
            runs_once: document.services.values().any(completes),
            port: route.map(|route| route.port),
            decides: service.health_decides(),
        };
        awaited.insert(name.clone(), one);
    }
    awaited
}

/// How a container stands.
enum ServiceReadiness {
    Ready,
    NotYet,
    /// It runs, and nothing listens on the port to which the router would send requests.
    Silent(u16),
    Failed(String),
}

/// Since when containers were seen to run, by id and start.
type ReadySince = HashMap<(String, String), Instant>;

impl Operation<'_> {
    /// Waits until all are ready; answers with the playground's containers.
    pub(super) async fn ready(
        &self,
        awaited: &BTreeMap<String, Awaited>,
    ) -> Result<Vec<Container>, OperationError> {
        let slowest = awaited.values().map(|one| one.decides).max();
        let limit = self.playroom.ready_limit.max(slowest.unwrap_or_default());
        let until = Instant::now() + limit;
        let mut seen = ReadySince::new();
        loop {
            let containers = self.containers().await?;
            let mut missing: Option<String> = None;
            for (name, one) in awaited {
                if let Some(why) = self.look_at(name, one, &containers, &mut seen).await? {
                    missing = Some(format!("service `{name}`: {why}"));
                    break;
                }
            }
            let Some(missing) = missing else {
                return Ok(containers);
            };
            if Instant::now() >= until {
                let limit = limit.as_secs();
                let output = format!("timed out: not ready within {limit} s: {missing}");
                return Err(self.diagnosed(output, true).await);
            }
            sleep(LOOK_PERIOD).await;
        }
    }

    /// What a service lacks, if it lacks something.
    async fn look_at(
        &self,
        name: &str,
        awaited: &Awaited,
        containers: &[Container],
        seen: &mut ReadySince,
    ) -> Result<Option<String>, OperationError> {
        let ours = containers.iter().filter(|container| {
            let config = container.labels.get(CONFIG_LABEL);
            container.service == name
                && (awaited.config.is_none() || config == awaited.config.as_ref())
        });
        let mut ready = 0;
        let mut lacks = "it has no container yet".to_owned();
        for container in ours {
            match standing(container, awaited, seen).await {
                ServiceReadiness::Ready => ready += 1,
                ServiceReadiness::NotYet => lacks = "it is not ready yet".to_owned(),
                ServiceReadiness::Silent(port) => {
                    lacks = format!("nothing listens on port {port} of its container");
                }
                ServiceReadiness::Failed(why) => {
                    let output = format!("service `{name}`: {why}");
                    self.printer.line(output.clone());
                    return Err(self.diagnosed(output, false).await);
                }
            }
        }
        Ok((ready < awaited.replicas).then_some(lacks))
    }
}

async fn standing(
    container: &Container,
    awaited: &Awaited,
    seen: &mut ReadySince,
) -> ServiceReadiness {
    let exited = |code: i64| format!("its container exited with code {code}");
    match (container.state, container.health) {
        _ if container.out_of_memory => {
            ServiceReadiness::Failed("its container was killed: out of memory".to_owned())
        }
        (ContainerState::Running, Some(ContainerHealth::Healthy)) => ServiceReadiness::Ready,
        (ContainerState::Running, Some(ContainerHealth::Unhealthy)) => {
            let said = container.health_output.trim();
            ServiceReadiness::Failed(format!("its container is unhealthy: {said}"))
        }
        (ContainerState::Running, Some(ContainerHealth::Starting)) => ServiceReadiness::NotYet,
        (ContainerState::Running, None) if container.restarts >= RESTARTS => {
            ServiceReadiness::Failed(format!(
                "its container was started again {} times",
                container.restarts
            ))
        }
        (ContainerState::Running, None) => {
            let port = awaited.port;
            match port.and_then(|port| Some((port, address(container, port)?))) {
                Some((_, address)) if connects(address, CONNECT_LIMIT).await => {
                    ServiceReadiness::Ready
                }
                Some((port, _)) => ServiceReadiness::Silent(port),
                None => settled(container, seen),
            }
        }
        (ContainerState::Exited | ContainerState::Dead, _) => match container.exit_code {
            Some(0) if awaited.runs_once => ServiceReadiness::Ready,
            code => ServiceReadiness::Failed(exited(code.unwrap_or(-1))),
        },
        (ContainerState::Restarting, _) if container.restarts >= RESTARTS => {
            ServiceReadiness::Failed(format!(
                "its container ends again and again, {} times",
                container.restarts
            ))
        }
        (ContainerState::Created, _) if !container.error.is_empty() => {
            ServiceReadiness::Failed(container.error.clone())
        }
        _ => ServiceReadiness::NotYet,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "beside the engine's clock, which has no other reader"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Whether a container without any check has run for a while: by the engine's clock, unless that is behind ours.
fn settled(container: &Container, seen: &mut ReadySince) -> ServiceReadiness {
    let started = container.started_at;
    let key = started.map(|at| at.to_string()).unwrap_or_default();
    let since = seen
        .entry((container.id.clone(), key))
        .or_insert_with(Instant::now);
    let age = started.and_then(|at| now().duration_since(at).try_into().ok());
    if since.elapsed().max(age.unwrap_or_default()) >= SETTLE {
        ServiceReadiness::Ready
    } else {
        ServiceReadiness::NotYet
    }
}
