//! One attempt of a run: what every kind has, and a room for each kind.

mod binary;
mod conclusion;
mod ground;
mod plugins;
mod strays;
mod trace;
mod work_dir;

use std::sync::Arc;

use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use tokio_util::sync::CancellationToken;
use wire::{client::Client, executors::ClaimedRun, jobs::Job};

use crate::{
    Error, Settings,
    agent::Lease,
    binaries::{Binaries, FetchLimits},
    shelf::Shelf,
};

use conclusion::Stop;
pub(crate) use conclusion::{Conclusion, Unsent};
pub(crate) use ground::Ground;
pub use plugins::Isolated;
use trace::Trace;
use work_dir::WorkDir;

/// Search path of a job that sets none.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Everything that attempts need.
pub(crate) struct Performer {
    client: Client,
    binaries: Binaries,
    shelf: Arc<Shelf>,
    ground: Arc<Ground>,
}

/// A run under the lease that this executor took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) id: &'a str,
    pub(crate) token: i64,
}

impl<'a> Taken<'a> {
    fn job(job: &'a Job) -> Self {
        Self {
            id: &job.id,
            token: job.lease_token.unwrap_or_default(),
        }
    }
}

impl Performer {
    /// Opens the directories, removes what a crash left in them, and tries the isolation.
    pub(crate) async fn open(
        client: Client,
        settings: Arc<Settings>,
        shelf: Arc<Shelf>,
    ) -> Result<Self, Error> {
        let opened = spawn_blocking(move || {
            let ground = Ground::open(Arc::clone(&settings))?;
            let limits = FetchLimits::new(settings.download_limit_bytes);
            let binaries = Binaries::open(&settings.cache_dir, settings.cache_limit_bytes, limits)
                .map_err(ground::failed("cache", &settings.cache_dir))?;
            binaries.ask_first(client.clone());
            Ok(Self {
                client,
                binaries,
                shelf,
                ground: Arc::new(ground),
            })
        });
        opened
            .await
            .unwrap_or_else(|error| Err(Error::Settings(error.to_string())))
    }

    /// What of the isolation could not be applied.
    pub(crate) fn missing(&self) -> &[String] {
        &self.ground.plan.missing
    }

    /// Performs a run under a lease; `kill` gives it back.
    pub(crate) async fn perform(
        &self,
        run: &ClaimedRun,
        lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> Conclusion {
        match run {
            ClaimedRun::Job { job } => self.perform_binary(job, lease, kill).await,
            ClaimedRun::PluginJob { plugin_job } => {
                self.perform_plugins(plugin_job, lease, kill).await
            }
        }
    }

    fn trace(&self, taken: Taken<'_>) -> Trace<'_> {
        Trace::begin(&self.ground.settings.spans, taken)
    }
}

/// Waits for a reason to stop a run in which nothing watches for one itself.
async fn stopped(
    lease: &mut watch::Receiver<Lease>,
    kill: &CancellationToken,
    deadline: Option<Instant>,
) -> Stop {
    loop {
        let now = *lease.borrow_and_update();
        if now.lost {
            return Stop::Lost;
        }
        if now.cancelled {
            return Stop::Cancelled;
        }
        if now.fence <= Instant::now() {
            return Stop::Fenced;
        }
        let timed_out = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = kill.cancelled() => return Stop::Drained,
            () = timed_out => return Stop::TimedOut,
            () = tokio::time::sleep_until(now.fence) => {}
            changed = lease.changed() => if changed.is_err() { return Stop::Lost },
        }
    }
}
