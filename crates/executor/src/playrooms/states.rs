//! What is seen of a playground's services.

use std::collections::BTreeMap;

use docker::engine::{Container, ContainerHealth, ContainerState};
use wire::executors::operations::ServiceState;

/// The state of every service: of several containers, that of the best. Services without a container are
/// `stopped`.
pub(crate) fn states<'a>(
    containers: &[Container],
    services: impl IntoIterator<Item = &'a str>,
) -> Vec<ServiceState> {
    let mut states: BTreeMap<String, ServiceState> = services
        .into_iter()
        .map(|name| (name.to_owned(), stopped(name)))
        .collect();
    let mut best: BTreeMap<&str, &Container> = BTreeMap::new();
    for container in containers.iter().filter(|container| !container.one_off) {
        let there = best.entry(&container.service).or_insert(container);
        if rank(container) > rank(there) {
            *there = container;
        }
    }
    for (name, container) in best {
        states.insert(name.to_owned(), state(container));
    }
    states.into_values().collect()
}

/// The same for a playground that sleeps: the next request starts its stopped containers.
pub(super) fn asleep(
    states: Vec<ServiceState>,
    containers: &[Container],
    stopped: &[String],
) -> Vec<ServiceState> {
    let is_stopped = |name: &str| {
        let mut ours = containers.iter().filter(|one| one.service == name);
        ours.any(|one| stopped.contains(&one.id))
    };
    let state = |state: ServiceState| match state.running || !is_stopped(&state.name) {
        true => state,
        false => ServiceState {
            status: "asleep".to_owned(),
            health: None,
            exit_code: None,
            ..state
        },
    };
    states.into_iter().map(state).collect()
}

/// The state of one container.
fn state(container: &Container) -> ServiceState {
    ServiceState {
        name: container.service.clone(),
        status: container.state.as_str().to_owned(),
        health: container.health.map(|health| health.as_str().to_owned()),
        running: container.state == ContainerState::Running,
        exit_code: container.exit_code,
        image: Some(container.image_id.clone()),
    }
}

fn stopped(name: &str) -> ServiceState {
    ServiceState {
        name: name.to_owned(),
        status: "stopped".to_owned(),
        ..ServiceState::default()
    }
}

fn rank(container: &Container) -> (u8, u8, u32) {
    let state = match container.state {
        ContainerState::Running => 4,
        ContainerState::Paused | ContainerState::Restarting => 3,
        ContainerState::Created => 2,
        ContainerState::Exited => 1,
        ContainerState::Removing | ContainerState::Dead => 0,
    };
    let health = match container.health {
        None | Some(ContainerHealth::Healthy) => 2,
        Some(ContainerHealth::Starting) => 1,
        Some(ContainerHealth::Unhealthy) => 0,
    };
    (state, health, container.number)
}
