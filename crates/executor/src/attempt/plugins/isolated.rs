//! Plugins outside of a server's jobs, with the same isolation.

use std::{future::Future, io, sync::Arc};

use plugin::process::{Command, Spawner, Started};
use tokio::task::spawn_blocking;

use super::spawner::IsolatedSpawner;
use crate::{Error, Settings, attempt::environment::AttemptEnvironment};

/// Starts the processes of plugins as an executor does it, without a server.
pub struct Isolated(IsolatedSpawner);

impl Isolated {
    /// Takes the work directory of `settings`, and tries the isolation.
    ///
    /// # Errors
    /// When the work directory cannot be used, or `strict` is not possible here.
    pub async fn open(settings: Settings) -> Result<Self, Error> {
        let opened = spawn_blocking(move || AttemptEnvironment::open(Arc::new(settings)));
        let environment = opened
            .await
            .unwrap_or_else(|error| Err(Error::Settings(error.to_string())))?;
        Ok(Self(IsolatedSpawner::new(
            Arc::new(environment),
            None,
            None,
        )))
    }

    /// Waits until every process is dead and nothing is left of it.
    pub async fn close(self) {
        self.0.close().await;
    }
}

impl Spawner for Isolated {
    fn start(&self, command: Command) -> impl Future<Output = io::Result<Started>> + Send {
        self.0.start(command)
    }
}
