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

use super::{Ground, keeper::Keeper};
use crate::agent::Lease;

/// Where the processes of one attempt run.
pub(super) struct Room {
    ground: Arc<Ground>,
    /// What every process sees besides what the plugin host gives it.
    environment: Vec<(String, String)>,
    /// They end with it; none outside of a server's jobs.
    lease: Option<watch::Receiver<Lease>>,
    keepers: Mutex<Vec<JoinHandle<()>>>,
    trouble: Trouble,
}

/// What this machine lacked for a process, which is no plugin's fault.
pub(super) type Trouble = Arc<Mutex<Option<String>>>;

impl Room {
    pub(super) fn new(
        ground: Arc<Ground>,
        environment: Vec<(String, String)>,
        lease: Option<watch::Receiver<Lease>>,
    ) -> Self {
        Self {
            ground,
            environment,
            lease,
            keepers: Mutex::default(),
            trouble: Trouble::default(),
        }
    }

    /// What was lacking since it was asked last.
    pub(super) fn trouble(&self) -> Option<String> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.take()
    }

    /// Waits until every process is dead and nothing is left of it. Whoever called them has let go.
    pub(super) async fn close(&self) {
        let keepers = std::mem::take(&mut *self.lock());
        for keeper in keepers {
            let _ = keeper.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spawner for Room {
    async fn start(&self, mut command: Command) -> io::Result<Started> {
        command.environment.extend(self.environment.clone());
        let (started, outputs) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let unwanted = CancellationToken::new();
        // Cancelled when the caller lets go, also of the start itself.
        let guard = unwanted.clone().drop_guard();
        let keeper = Keeper {
            ground: Arc::clone(&self.ground),
            lease: self.lease.clone(),
            unwanted,
            over: CancellationToken::new(),
            trouble: Arc::clone(&self.trouble),
        };
        let keeping = tokio::spawn(keeper.keep(command, started, ended).in_current_span());
        {
            let mut keepers = self.lock();
            keepers.retain(|keeper| !keeper.is_finished());
            keepers.push(keeping);
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
