//! What is known about a failed run of the Compose tool, for the crate `playground` to tell what it means.

use std::collections::BTreeMap;

use playground::failures::{FailureEvidence, ServiceState};

use crate::{
    ChildError, ComposeError,
    engine::{Container, ContainerState},
};

/// Puts together what the tool said and how the project's containers look now. Of a service's containers the
/// one in the worst state speaks for it.
#[must_use]
pub fn evidence(error: &ComposeError, containers: &[Container]) -> FailureEvidence {
    let mut services: BTreeMap<&str, &Container> = BTreeMap::new();
    for container in containers.iter().filter(|container| !container.one_off) {
        let worst = services.entry(&container.service).or_insert(container);
        if badness(container) > badness(worst) {
            *worst = container;
        }
    }
    let said = error.lines().join("\n");
    FailureEvidence {
        // What is no end of the tool has no lines of it.
        output: if said.is_empty() {
            error.to_string()
        } else {
            said
        },
        exit_code: error.exit_code(),
        timed_out: matches!(error, ComposeError::Run(ChildError::TimedOut { .. })),
        services: services.into_values().map(service_state).collect(),
    }
}

fn badness(container: &Container) -> u8 {
    if container.out_of_memory {
        3
    } else if container.exit_code.is_some_and(|code| code != 0) {
        2
    } else {
        u8::from(!container.is_ready())
    }
}

fn service_state(container: &Container) -> ServiceState {
    ServiceState {
        name: container.service.clone(),
        running: container.state == ContainerState::Running,
        health: container.health.map(|health| health.as_str().to_owned()),
        exit_code: container.exit_code,
        oom_killed: container.out_of_memory,
    }
}
