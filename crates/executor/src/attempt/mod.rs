//! One attempt of a job: fetch the program, run it, watch it, tell how it ended.

mod conclusion;
mod running;
mod strays;
mod trace;
mod work_dir;

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Span;
use wire::{client::Client, jobs::Job};

use crate::{
    Error, Settings,
    agent::Lease,
    binaries::{self, Binaries, FetchLimits, Pinned},
    directory,
    isolation::Plan,
};

use conclusion::Stop;
pub(crate) use conclusion::{Conclusion, Unsent};
use trace::Trace;
use work_dir::WorkDir;

/// Search path of a job that sets none.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Everything that attempts need.
pub(crate) struct Performer {
    client: Client,
    settings: Arc<Settings>,
    binaries: Binaries,
    plan: Plan,
    /// Numbers the work directories.
    attempts: AtomicU64,
    /// Held for as long as the work directory is in use.
    _lock: File,
}

impl Performer {
    /// Opens the directories, removes what a crash left in them, and tries the isolation.
    pub(crate) async fn open(client: Client, settings: Arc<Settings>) -> Result<Self, Error> {
        let opened = spawn_blocking(move || {
            let failed = |what: &str, dir: &Path| {
                let what = format!("the {what} directory {}", dir.display());
                move |source| Error::Directory { what, source }
            };
            let lock = directory::open(&settings.work_dir)
                .and_then(|lock| directory::empty(&settings.work_dir).map(|()| lock))
                .map_err(failed("work", &settings.work_dir))?;
            let limits = FetchLimits::new(settings.download_limit_bytes);
            let binaries = Binaries::open(&settings.cache_dir, settings.cache_limit_bytes, limits)
                .map_err(failed("cache", &settings.cache_dir))?;
            binaries.ask_first(client.clone());
            let plan = Plan::new(&settings);
            let attempts = AtomicU64::new(0);
            Ok(Self {
                client,
                settings,
                binaries,
                plan,
                attempts,
                _lock: lock,
            })
        });
        opened
            .await
            .unwrap_or_else(|error| Err(Error::Settings(error.to_string())))
    }

    /// What of the isolation could not be applied.
    pub(crate) fn missing(&self) -> &[String] {
        &self.plan.missing
    }

    /// Performs a job under a lease; `kill` gives it back.
    pub(crate) async fn perform(
        &self,
        job: &Job,
        mut lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> Conclusion {
        let trace = Trace::begin(&self.settings.spans, job);
        let prepared = tokio::select! {
            biased;
            stop = stopped(&mut lease, kill) => {
                return trace.end(Conclusion::stopped(self, job, stop));
            }
            prepared = self.prepare(job) => prepared,
        };
        let (program, work_dir) = match prepared {
            Ok(prepared) => prepared,
            Err(reason) => return trace.end(Conclusion::not_started(self, job, reason)),
        };
        let trace = trace.prepared();
        let conclusion = self.run(job, &program, &work_dir, lease, kill).await;
        let conclusion = trace.end(conclusion);
        // Gone before the result is told: nobody finds a half-removed directory.
        let span = Span::current();
        let _ = spawn_blocking(move || span.in_scope(|| drop(work_dir))).await;
        drop(program);
        conclusion
    }

    async fn prepare(&self, job: &Job) -> Result<(Pinned, WorkDir), String> {
        if let Some(reason) = &self.plan.refuses {
            return Err(reason.clone());
        }
        let failed = |error: binaries::Error| format!("binary download failed: {error}");
        let digest = job
            .binary_sha256
            .parse()
            .map_err(|e| failed(binaries::Error::Invalid(e)))?;
        let program = self
            .binaries
            .get(digest, &job.binary_url)
            .await
            .map_err(failed)?;
        let number = self.attempts.fetch_add(1, Ordering::Relaxed);
        let path = self.settings.work_dir.join(format!("attempt-{number}"));
        let made = spawn_blocking(move || WorkDir::create(path)).await;
        let work_dir = made
            .map_err(|error| error.to_string())
            .and_then(|made| made.map_err(|error| error.to_string()))
            .map_err(|error| format!("the work directory cannot be made: {error}"))?;
        Ok((program, work_dir))
    }
}

/// Waits for a reason to stop a job that has not started yet.
async fn stopped(lease: &mut watch::Receiver<Lease>, kill: &CancellationToken) -> Stop {
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
        tokio::select! {
            () = kill.cancelled() => return Stop::Drained,
            () = tokio::time::sleep_until(now.fence) => {}
            changed = lease.changed() => if changed.is_err() { return Stop::Lost },
        }
    }
}
