//! Containers: which there are, and in which state each is.

use std::{collections::HashMap, net::IpAddr};

use bollard::{
    models::{
        ContainerInspectResponse, ContainerStateStatusEnum, EndpointSettings, HealthStatusEnum,
    },
    query_parameters::{InspectContainerOptions, ListContainersOptions},
};
use futures_util::{StreamExt, TryStreamExt, future, stream};
use jiff::Timestamp;

use super::Engine;
use crate::{DockerError, Selection};

/// How many containers are inspected at once.
const AT_ONCE: usize = 8;

/// A container as the engine saw it a moment ago.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Container {
    /// Its id, 64 hexadecimal digits.
    pub id: String,
    /// Its name, for people; nothing is told from it.
    pub name: String,
    /// The service of Compose, empty for a container that Compose did not make.
    pub service: String,
    /// Compose's number of it among its service's containers, from 1 on; 0 for others.
    pub number: u32,
    /// Compose's hash of the service's configuration when it was made.
    pub config_hash: String,
    /// True for a container of `compose run`, which is none of the service's replicas.
    pub one_off: bool,
    /// What it is doing.
    pub state: ContainerState,
    /// What its health check says; none without one, and while it does not run.
    pub health: Option<ContainerHealth>,
    /// What the last health check printed.
    pub health_output: String,
    /// How it ended, when it has ended.
    pub exit_code: Option<i64>,
    /// True when the kernel killed it because of its memory limit.
    pub out_of_memory: bool,
    /// Why the engine could not start it, else empty.
    pub error: String,
    /// When it was started last.
    pub started_at: Option<Timestamp>,
    /// When it ended last.
    pub finished_at: Option<Timestamp>,
    /// How often the engine started it again.
    pub restarts: i64,
    /// The id of its image.
    pub image_id: String,
    /// The name of its image, as it was asked for.
    pub image: String,
    /// True when its output is one stream, that of a terminal.
    pub terminal: bool,
    /// The networks that it is in.
    pub networks: Vec<Attachment>,
    /// All its labels.
    pub labels: HashMap<String, String>,
}

/// A network that a container is in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attachment {
    /// The network's name.
    pub network: String,
    /// The container's address in it, while it runs.
    pub address: Option<IpAddr>,
}

/// What a container is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContainerState {
    /// It was never started.
    Created,
    /// It runs.
    Running,
    /// It runs, and is frozen.
    Paused,
    /// It ended, and the engine will start it again.
    Restarting,
    /// It is being removed.
    Removing,
    /// It ended.
    Exited,
    /// It ended, and could not be removed.
    Dead,
}

/// What a health check says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContainerHealth {
    /// Nothing yet.
    Starting,
    /// The last check succeeded.
    Healthy,
    /// So many checks failed in a row as it takes.
    Unhealthy,
}

impl Engine {
    /// The selected containers, those that do not run among them, by service and number.
    ///
    /// # Errors
    /// When the engine does not answer. A part of the containers is never taken for all.
    pub async fn containers(&self, selection: &Selection) -> Result<Vec<Container>, DockerError> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(selection.filters()),
            ..ListContainersOptions::default()
        };
        let listed = self.api.list_containers(Some(options)).await?;
        let ids = listed.into_iter().filter_map(|container| container.id);
        let inspected = ids.map(|id| async move { self.container(&id).await });
        let inspected = stream::iter(inspected).buffered(AT_ONCE);
        // One that was removed in between is left out.
        let present = inspected.try_filter_map(future::ok);
        let mut containers: Vec<Container> = present.try_collect().await?;
        containers.sort_by(|one, other| {
            let key = |container: &Container| (container.service.clone(), container.number);
            key(one).cmp(&key(other))
        });
        Ok(containers)
    }

    /// One container, by its id or name; none when it does not exist.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn container(&self, id: &str) -> Result<Option<Container>, DockerError> {
        let options = None::<InspectContainerOptions>;
        match self
            .api
            .inspect_container(id, options)
            .await
            .map_err(DockerError::from)
        {
            Ok(response) => Ok(Some(Container::read(response))),
            Err(DockerError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Container {
    fn read(response: ContainerInspectResponse) -> Self {
        let state = response.state.unwrap_or_default();
        let config = response.config.unwrap_or_default();
        let labels = config.labels.unwrap_or_default();
        let label = |key: &str| {
            let value = labels.get(&format!("com.docker.compose.{key}"));
            value.cloned().unwrap_or_default()
        };
        let status = ContainerState::read(state.status);
        let ended = matches!(status, ContainerState::Exited | ContainerState::Dead);
        let health = state.health.unwrap_or_default();
        let last_check = health.log.unwrap_or_default().pop().unwrap_or_default();
        let networks = response.network_settings.unwrap_or_default().networks;
        Self {
            id: response.id.unwrap_or_default(),
            name: response
                .name
                .unwrap_or_default()
                .trim_start_matches('/')
                .to_owned(),
            service: label("service"),
            number: label("container-number").parse().unwrap_or_default(),
            config_hash: label("config-hash"),
            one_off: label("oneoff").eq_ignore_ascii_case("true"),
            state: status,
            health: ContainerHealth::read(health.status),
            health_output: last_check.output.unwrap_or_default(),
            exit_code: state.exit_code.filter(|_| ended),
            out_of_memory: state.oom_killed.unwrap_or_default(),
            error: state.error.unwrap_or_default(),
            started_at: time(state.started_at.as_deref()),
            finished_at: time(state.finished_at.as_deref()),
            restarts: response.restart_count.unwrap_or_default(),
            image_id: response.image.unwrap_or_default(),
            image: config.image.unwrap_or_default(),
            terminal: config.tty.unwrap_or_default(),
            networks: attachments(networks.unwrap_or_default()),
            labels,
        }
    }

    /// The address by which it is reached in a network.
    #[must_use]
    pub fn address(&self, network: &str) -> Option<IpAddr> {
        let mut networks = self.networks.iter();
        networks
            .find(|attachment| attachment.network == network)?
            .address
    }

    /// True when it runs, and its health check, if it has one, says that it works.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == ContainerState::Running
            && self
                .health
                .is_none_or(|health| health == ContainerHealth::Healthy)
    }
}

impl ContainerState {
    fn read(status: Option<ContainerStateStatusEnum>) -> Self {
        match status {
            // A container that is being stopped still runs.
            Some(ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::STOPPING) => {
                Self::Running
            }
            Some(ContainerStateStatusEnum::PAUSED) => Self::Paused,
            Some(ContainerStateStatusEnum::RESTARTING) => Self::Restarting,
            Some(ContainerStateStatusEnum::REMOVING) => Self::Removing,
            Some(ContainerStateStatusEnum::EXITED) => Self::Exited,
            Some(ContainerStateStatusEnum::DEAD) => Self::Dead,
            Some(ContainerStateStatusEnum::CREATED | ContainerStateStatusEnum::EMPTY) | None => {
                Self::Created
            }
        }
    }

    /// The engine's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

impl ContainerHealth {
    fn read(status: Option<HealthStatusEnum>) -> Option<Self> {
        match status? {
            HealthStatusEnum::STARTING => Some(Self::Starting),
            HealthStatusEnum::HEALTHY => Some(Self::Healthy),
            HealthStatusEnum::UNHEALTHY => Some(Self::Unhealthy),
            HealthStatusEnum::NONE | HealthStatusEnum::EMPTY => None,
        }
    }

    /// The engine's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

fn attachments(networks: HashMap<String, EndpointSettings>) -> Vec<Attachment> {
    let mut attachments: Vec<Attachment> = networks
        .into_iter()
        .map(|(network, settings)| {
            let texts = [settings.ip_address, settings.global_ipv6_address];
            let mut addresses = texts.into_iter().flatten();
            Attachment {
                network,
                address: addresses.find_map(|text| text.parse().ok()),
            }
        })
        .collect();
    attachments.sort_by(|one, other| one.network.cmp(&other.network));
    attachments
}

/// The engine writes the year 1 for "never".
fn time(text: Option<&str>) -> Option<Timestamp> {
    let time: Timestamp = text?.parse().ok()?;
    (time > Timestamp::UNIX_EPOCH).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_one_is_never() {
        assert_eq!(time(Some("0001-01-01T00:00:00Z")), None);
        assert_eq!(time(Some("")), None);
        let some = time(Some("2026-01-02T03:04:05.123456789Z")).unwrap();
        assert_eq!(some.as_nanosecond() % 1_000_000_000, 123_456_789);
    }
}
