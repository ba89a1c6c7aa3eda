//! Starting, stopping, awaiting and removing containers. What is already so is no error.

use std::time::Duration;

use bollard::{
    errors::Error as ApiError,
    query_parameters::{
        KillContainerOptions, RemoveContainerOptions, StartContainerOptions, StopContainerOptions,
        WaitContainerOptions,
    },
};
use futures_util::TryStreamExt;

use super::Engine;
use crate::DockerError;

impl Engine {
    /// Starts a container.
    ///
    /// # Errors
    /// When there is none, or it cannot be started.
    pub async fn start(&self, id: &str) -> Result<(), DockerError> {
        let options = None::<StartContainerOptions>;
        Ok(self.api.start_container(id, options).await?)
    }

    /// Asks a container to stop, and kills it after a grace; without one, its own `stop_grace_period` counts.
    ///
    /// # Errors
    /// When there is none, or the engine does not answer.
    pub async fn stop(&self, id: &str, grace: Option<Duration>) -> Result<(), DockerError> {
        let options = StopContainerOptions {
            t: grace.map(|grace| i32::try_from(grace.as_secs()).unwrap_or(i32::MAX)),
            signal: None,
        };
        // A container may have a grace of its own that is unknown here.
        let patience = grace.unwrap_or(Duration::from_secs(3600));
        let engine = self.patient(patience);
        Ok(engine.stop_container(id, Some(options)).await?)
    }

    /// Kills a container that runs.
    ///
    /// # Errors
    /// When there is none, it does not run, or the engine does not answer.
    pub async fn kill(&self, id: &str) -> Result<(), DockerError> {
        let options = None::<KillContainerOptions>;
        Ok(self.api.kill_container(id, options).await?)
    }

    /// Removes a container with its anonymous volumes, also one that runs. That there is none is success.
    ///
    /// # Errors
    /// When the engine does not answer or cannot remove it.
    pub async fn remove(&self, id: &str) -> Result<(), DockerError> {
        let options = RemoveContainerOptions {
            v: true,
            force: true,
            link: false,
        };
        absent_is_fine(self.api.remove_container(id, Some(options)).await)
    }

    /// Waits until a container does not run, and answers with its exit code.
    ///
    /// # Errors
    /// When there is none, or the engine goes away.
    pub async fn wait(&self, id: &str) -> Result<i64, DockerError> {
        let options = None::<WaitContainerOptions>;
        let mut answers = self.api.wait_container(id, options);
        match answers.try_next().await {
            Ok(Some(answer)) => Ok(answer.status_code),
            Ok(None) => Err(DockerError::Unreachable("it stopped answering".into())),
            // This is how a code other than 0 arrives.
            Err(ApiError::DockerContainerWaitError { code, .. }) => Ok(code),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is gone, or goes because someone else removes it, is as wished.
pub(super) fn absent_is_fine(answer: Result<(), ApiError>) -> Result<(), DockerError> {
    match answer.map_err(DockerError::from) {
        Err(DockerError::NotFound(_)) => Ok(()),
        Err(DockerError::Conflict(message)) if message.contains("already in progress") => Ok(()),
        other => other,
    }
}
