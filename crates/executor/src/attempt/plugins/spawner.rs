//! Starts the processes of one attempt's plugins, each as a binary job is started: through the shim,
//! with all isolation, in a work directory of its own.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use plugin::process::{Command, Spawner, Started};
use tokio::{
    sync::{oneshot, watch},
    task::{JoinHandle, spawn_blocking},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::supervisor::{ExecutorFault, Supervisor};
use crate::{
    attempt::{environment::AttemptEnvironment, work_dir::WorkDir},
    lease::Lease,
};

/// Where the processes of one attempt run.
pub(super) struct IsolatedSpawner {
    attempt: Arc<AttemptEnvironment>,
    /// What every process sees besides what the plugin host gives it.
    variable: Option<(String, String)>,
    /// They end with it; none outside of a server's jobs.
    lease: Option<watch::Receiver<Lease>>,
    supervisors: Mutex<Vec<JoinHandle<()>>>,
    /// Of the process that was started last.
    last: Mutex<Option<watch::Receiver<Option<Arc<WorkDir>>>>>,
    fault: ExecutorFault,
}

impl IsolatedSpawner {
    pub(super) fn new(
        attempt: Arc<AttemptEnvironment>,
        variable: Option<(String, String)>,
        lease: Option<watch::Receiver<Lease>>,
    ) -> Self {
        Self {
            attempt,
            variable,
            lease,
            supervisors: Mutex::default(),
            last: Mutex::default(),
            fault: ExecutorFault::default(),
        }
    }

    /// What was lacking since it was asked last.
    pub(super) fn fault(&self) -> Option<String> {
        lock(&self.fault).take()
    }

    /// The directory of the process that was started last, once nothing of that runs; it stays until the next
    /// process is started or it is discarded.
    pub(super) async fn last_dir(&self) -> Option<Arc<WorkDir>> {
        let mut last = lock(&self.last).clone()?;
        let dir = last.wait_for(Option::is_some).await.ok()?;
        dir.clone()
    }

    /// Removes that directory.
    pub(super) fn discard(&self) {
        self.replace_last(None);
    }

    fn replace_last(&self, next: Option<watch::Receiver<Option<Arc<WorkDir>>>>) {
        let last = std::mem::replace(&mut *lock(&self.last), next);
        if let Some(last) = last {
            // The supervisor removes it unless it has ended.
            let removed = spawn_blocking(move || drop(last));
            lock(&self.supervisors).push(removed);
        }
    }

    /// Waits until every process is dead and nothing is left of it. Whoever called them has let go.
    pub(super) async fn close(&self) {
        self.discard();
        let supervisors = std::mem::take(&mut *lock(&self.supervisors));
        for supervisor in supervisors {
            let _ = supervisor.await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spawner for IsolatedSpawner {
    async fn start(&self, mut command: Command) -> io::Result<Started> {
        command.environment.extend(self.variable.clone());
        let (started, outputs) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let (left, last) = watch::channel(None);
        self.replace_last(Some(last));
        let unwanted = CancellationToken::new();
        // Cancelled when the caller lets go, also of the start itself.
        let guard = unwanted.clone().drop_guard();
        let supervisor = Supervisor {
            environment: Arc::clone(&self.attempt),
            lease: self.lease.clone(),
            unwanted,
            over: CancellationToken::new(),
            fault: Arc::clone(&self.fault),
            left,
        };
        let keeping = tokio::spawn(supervisor.keep(command, started, ended).in_current_span());
        {
            let mut supervisors = lock(&self.supervisors);
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
