//! Which containers there are, read from the engine's answers.

use std::collections::HashMap;

use bollard::{
    models::{
        ContainerInspectResponse, ContainerStateStatusEnum, EndpointSettings, HealthStatusEnum,
        PortMap,
    },
    query_parameters::{InspectContainerOptions, ListContainersOptions},
};
use futures_util::{StreamExt, TryStreamExt, future, stream};
use jiff::Timestamp;

use super::{Attachment, Container, ContainerHealth, ContainerState, Engine, PublishedPort};
use crate::{DockerError, Selection};

/// How many containers are inspected at once.
const AT_ONCE: usize = 8;

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
        let network = response.network_settings.unwrap_or_default();
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
            has_anonymous_volumes: response
                .mounts
                .unwrap_or_default()
                .iter()
                .any(|mount| mount.name.as_deref().is_some_and(is_drawn)),
            networks: attachments(network.networks.unwrap_or_default()),
            ports: published(network.ports.unwrap_or_default()),
            labels,
        }
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
}

/// Whether the engine itself drew the name of a volume.
fn is_drawn(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
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

/// Both IPv4 and IPv6 have an entry of their own.
fn published(ports: PortMap) -> Vec<PublishedPort> {
    let mut published: Vec<PublishedPort> = ports
        .into_iter()
        .flat_map(|(port, bindings)| {
            let container = port.split('/').next().and_then(|port| port.parse().ok());
            let hosts = bindings.unwrap_or_default().into_iter();
            hosts.filter_map(move |binding| {
                Some(PublishedPort {
                    container: container?,
                    host: binding.host_port?.parse().ok()?,
                })
            })
        })
        .collect();
    published.sort();
    published.dedup();
    published
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
