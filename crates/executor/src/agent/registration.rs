//! Says what this executor can do: at its start, and whenever that changes.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use wire::executors::Registration;

use super::{Agent, Backoff};
use crate::Error;

/// How often the directory of the plugins is looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

/// Registers again, forever, when the plugins, the playroom or what is wrong are others than the server knows.
pub(super) async fn tell_changes(agent: Arc<Agent>) {
    let watches = agent.plugin_registry.is_used() || agent.settings.docker.is_some();
    let mut told = agent.registration();
    loop {
        sleep(LOOK_PERIOD).await;
        if watches {
            agent.plugin_registry.refresh().await;
        }
        let now = agent.registration();
        if now == told {
            continue;
        }
        match agent.client.register(&agent.settings.name, &now).await {
            Ok(()) => {
                tracing::info!(
                    plugins = now.plugins.len(),
                    playrooms = now.playrooms.len(),
                    suspended = now.suspended,
                    "what the executor can do has changed"
                );
                told = now;
            }
            Err(error) => {
                tracing::warn!(%error, "the server does not know yet what has changed");
            }
        }
    }
}

impl Agent {
    /// Says what this executor can do, until the server has heard it. False when it was stopped
    /// before.
    pub(super) async fn register(&self) -> Result<bool, Error> {
        let what = self.registration();
        let mut backoff = Backoff::default();
        loop {
            let call = self.client.register(&self.settings.name, &what);
            let answer = tokio::select! {
                answer = call => answer,
                () = self.stop.cancelled() => return Ok(false),
            };
            match answer {
                Ok(()) => return Ok(true),
                Err(error) if error.is_transient() => {
                    if backoff.is_first() {
                        tracing::warn!(%error, "the executor is not registered yet");
                    }
                }
                Err(error) => return Err(error.into()),
            }
            tokio::select! {
                () = backoff.wait() => {}
                () = self.stop.cancelled() => return Ok(false),
            }
        }
    }

    pub(super) fn registration(&self) -> Registration {
        Registration {
            slots: self.settings.slots,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            isolation: self.settings.isolation.to_string(),
            isolation_missing: self.runner.missing().to_vec(),
            executor_ip: self.settings.executor_ip.clone(),
            kinds: self.kinds(),
            labels: self.settings.labels.clone(),
            cpus: self.settings.cpus,
            memory_mb: self.settings.memory_mb,
            plugins: self.plugin_registry.infos(),
            playrooms: self.playrooms.infos(),
            suspended: self.cooldown.suspended(),
        }
    }

    /// The kinds of runs that it performs.
    pub(super) fn kinds(&self) -> Vec<String> {
        self.runner.kinds()
    }
}
