//! What containers use.

use bollard::{
    models::{ContainerCpuStats, ContainerStatsResponse},
    query_parameters::StatsOptions,
};
use futures_util::TryStreamExt;

use super::Engine;
use crate::DockerError;

/// What a container uses now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ContainerUsage {
    /// Processor time a second, in thousandths of a processor.
    pub cpu_millis: u64,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// The limit of its memory, in bytes.
    pub memory_limit_bytes: u64,
    /// Processes and threads.
    pub processes: u64,
}

impl Engine {
    /// What a container uses, measured over about a second; none when it does not exist.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn usage(&self, id: &str) -> Result<Option<ContainerUsage>, DockerError> {
        let options = StatsOptions {
            stream: false,
            one_shot: false,
        };
        let mut answers = Box::pin(self.api.stats(id, Some(options)));
        match answers.try_next().await.map_err(DockerError::from) {
            Ok(answer) => Ok(answer.map(ContainerUsage::read)),
            Err(DockerError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl ContainerUsage {
    fn read(stats: ContainerStatsResponse) -> Self {
        let memory = stats.memory_stats.unwrap_or_default();
        let pids = stats.pids_stats.unwrap_or_default();
        let now = stats.cpu_stats.unwrap_or_default();
        let before = stats.precpu_stats.unwrap_or_default();
        Self {
            cpu_millis: cpu_millis(&before, &now),
            memory_bytes: memory.usage.unwrap_or_default(),
            memory_limit_bytes: memory.limit.unwrap_or_default(),
            processes: pids.current.unwrap_or_default(),
        }
    }
}

/// The container's share of the time of all processors between two looks.
fn cpu_millis(before: &ContainerCpuStats, now: &ContainerCpuStats) -> u64 {
    let used = |stats: &ContainerCpuStats| {
        let usage = stats.cpu_usage.as_ref();
        usage
            .and_then(|usage| usage.total_usage)
            .unwrap_or_default()
    };
    let used = used(now).saturating_sub(used(before));
    let of_all = |stats: &ContainerCpuStats| stats.system_cpu_usage.unwrap_or_default();
    let passed = of_all(now).saturating_sub(of_all(before));
    let processors = u64::from(now.online_cpus.unwrap_or(1).max(1));
    let millis = u128::from(used) * u128::from(processors) * 1000;
    millis
        .checked_div(u128::from(passed))
        .and_then(|millis| u64::try_from(millis).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bollard::models::ContainerCpuUsage;

    use super::*;

    fn cpu(total: u64, system: u64) -> ContainerCpuStats {
        ContainerCpuStats {
            cpu_usage: Some(ContainerCpuUsage {
                total_usage: Some(total),
                ..ContainerCpuUsage::default()
            }),
            system_cpu_usage: Some(system),
            online_cpus: Some(4),
            ..ContainerCpuStats::default()
        }
    }

    #[test]
    fn the_share_of_all_processors_is_told_in_thousandths_of_one() {
        assert_eq!(cpu_millis(&cpu(100, 1_000), &cpu(600, 5_000)), 500);
        // Nothing passed between the two looks.
        assert_eq!(cpu_millis(&cpu(100, 1_000), &cpu(600, 1_000)), 0);
        assert_eq!(cpu_millis(&ContainerCpuStats::default(), &cpu(0, 0)), 0);
    }
}
