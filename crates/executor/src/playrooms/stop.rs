//! Stops the containers of a playground that is put to sleep.

use std::time::Duration;

use docker::{DockerError, engine::Container};
use futures_util::future::join_all;
use tokio::time::sleep;

use super::{Playroom, routing::KnownPlayground};

/// So long a container may take to stop while a request waits for its playground.
const HURRIED_GRACE: Duration = Duration::from_secs(10);

impl Playroom {
    /// Stops containers, within their own grace. When a request comes meanwhile, they get no more than
    /// [`HURRIED_GRACE`] of it: what is asked to stop does not serve any more, and it waits.
    pub(super) async fn stop_all(
        &self,
        running: &[Container],
        known: &KnownPlayground,
    ) -> Result<(), String> {
        let hurried_grace = sleep(HURRIED_GRACE);
        let hurried = async {
            known.operation_lock.is_wanted().await;
            hurried_grace.await;
        };
        let stops = running.iter().map(|one| self.engine.stop(&one.id, None));
        tokio::select! {
            stopped = join_all(stops) => {
                let stopped: Result<Vec<()>, _> = stopped.into_iter().collect();
                return stopped.map(drop).map_err(|error| error.to_string());
            }
            () = hurried => {}
        }
        let kills = running.iter().map(|one| self.kill(&one.id));
        let killed: Result<Vec<()>, _> = join_all(kills).await.into_iter().collect();
        killed.map(drop).map_err(|error| error.to_string())
    }

    /// Ends a container, if it has not ended.
    async fn kill(&self, id: &str) -> Result<(), DockerError> {
        match self.engine.kill(id).await {
            Ok(()) => self.engine.wait(id).await.map(drop),
            Err(DockerError::Conflict(_) | DockerError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
