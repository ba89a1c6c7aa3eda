//! Starts the processes of one attempt's plugins, each as a binary job is started: through the shim,
//! with all isolation, in a work directory of its own.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use plugin::process::{Command, Spawner, Started};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::supervisor::{ExecutorFault, Supervisor};
use crate::{attempt::environment::AttemptEnvironment, lease::Lease};

/// Where the processes of one attempt run.
pub(super) struct IsolatedSpawner {
    attempt: Arc<AttemptEnvironment>,
    /// What every process sees besides what the plugin host gives it.
    environment: Vec<(String, String)>,
    /// They end with it; none outside of a server's jobs.
    lease: Option<watch::Receiver<Lease>>,
    supervisors: Mutex<Vec<JoinHandle<()>>>,
    fault: ExecutorFault,
}

impl IsolatedSpawner {
    pub(super) fn new(
        attempt: Arc<AttemptEnvironment>,
        environment: Vec<(String, String)>,
        lease: Option<watch::Receiver<Lease>>,
    ) -> Self {
        Self {
            attempt,
            environment,
            lease,
            supervisors: Mutex::default(),
            fault: ExecutorFault::default(),
        }
    }

    /// What was lacking since it was asked last.
    pub(super) fn fault(&self) -> Option<String> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take()
    }

    /// Waits until every process is dead and nothing is left of it. Whoever called them has let go.
    pub(super) async fn close(&self) {
        let supervisors = std::mem::take(&mut *self.lock());
        for supervisor in supervisors {
            let _ = supervisor.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spawner for IsolatedSpawner {
    async fn start(&self, mut command: Command) -> io::Result<Started> {
        command.environment.extend(self.environment.clone());
        let (started, outputs) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let unwanted = CancellationToken::new();
        // Cancelled when the caller lets go, also of the start itself.
        let guard = unwanted.clone().drop_guard();
        let supervisor = Supervisor {
            environment: Arc::clone(&self.attempt),
            lease: self.lease.clone(),
            unwanted,
            over: CancellationToken::new(),
            fault: Arc::clone(&self.fault),
        };
        let keeping = tokio::spawn(supervisor.keep(command, started, ended).in_current_span());
        {
            let mut supervisors = self.lock();
            supervisors.retain(|supervisor| !supervisor.is_finished());
            supervisors.push(keeping);
        }
        let gone = || io::Error::other("nobody watched it");
        let (stdout, stderr) = outputs.await.map_err(|_| gone())??;
        Ok(Started {
            stdout: Box::pin(stdout),
            stderr: Box::pin(stderr),
            exit: Box::pin(async move {
                let end = end.await.unwrap_or_else(|_| Err(gone()));
                drop(guard);
                end
            }),
        })
    }
}
