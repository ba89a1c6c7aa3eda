//! Whether this executor can do any work. What is wrong here is never the fault of a run.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::{AttemptEnvironment, AttemptRunner};
use crate::shim::{End, Report, Spec};

impl AttemptRunner {
    /// Tries what every job needs: the directories, a program of the cache, a control group and a shim. What was
    /// removed is made again.
    ///
    /// # Errors
    /// What does not work, in words for people.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let (environment, binaries) = (Arc::clone(&self.environment), self.binaries.clone());
        let checked = spawn_blocking(move || environment.check().and_then(|()| binaries.check()));
        checked.await.map_err(|error| error.to_string())??;
        self.environment.check_shim().await
    }

    /// What is wrong here, if several different jobs in a row could not be started.
    pub(crate) fn unable(&self) -> Option<String> {
        self.starts.unable()
    }
}

impl AttemptEnvironment {
    /// Has a shim join a control group and start nothing.
    async fn check_shim(&self) -> Result<(), String> {
        let cgroup = self.plan.cgroups.create()?;
        let spec = Spec {
            directory: "/".into(),
            writable: "/".into(),
            cgroups: cgroup.procs(),
            ..Spec::default()
        };
        let ended = match self.shims.start(&spec).await {
            Ok((process, _outputs)) => process.end().await,
            Err(error) => Err(error),
        };
        cgroup.remove().await;
        match ended {
            Ok(Report {
                end: End::NotPrepared(reason),
                ..
            }) => Err(format!("no program can be started: {reason}")),
            Ok(_) => Ok(()),
            Err(error) => Err(format!("the shim cannot be started: {error}")),
        }
    }
}
