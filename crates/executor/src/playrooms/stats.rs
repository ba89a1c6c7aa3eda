//! What the services of a playground use now.

use std::collections::BTreeMap;

use docker::engine::{ContainerState, ContainerUsage};
use futures_util::future::join_all;
use wire::executors::ServiceStats;

use super::Playroom;

impl Playroom {
    /// What each service with a running container uses, all its containers together.
    pub(crate) async fn stats(&self, id: i64, project: &str) -> Result<Vec<ServiceStats>, String> {
        let owner = self.owner_of(id, project)?;
        let containers = self.containers(&owner, id).await;
        let mut containers = containers.map_err(|error| error.to_string())?;
        containers.retain(|one| one.state == ContainerState::Running);
        let asked = containers.iter().map(|one| self.engine.usage(&one.id));
        let used = join_all(asked).await;
        let mut services: BTreeMap<String, ServiceStats> = BTreeMap::new();
        for (container, used) in containers.iter().zip(used) {
            // One that ended meanwhile uses nothing.
            let Some(used) = used.map_err(|error| error.to_string())? else {
                continue;
            };
            let name = &container.service;
            let service = services
                .entry(name.clone())
                .or_insert_with(|| ServiceStats {
                    name: name.clone(),
                    ..ServiceStats::default()
                });
            let ContainerUsage {
                cpu_millis,
                memory_bytes,
                memory_limit_bytes,
                processes,
            } = used;
            service.cpu_millis += cpu_millis;
            service.memory_bytes += memory_bytes;
            service.memory_limit_bytes += memory_limit_bytes;
            service.pids += processes;
        }
        Ok(services.into_values().collect())
    }
}
