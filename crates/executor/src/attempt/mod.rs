//! One attempt of a run: what every kind has, and a directory for each kind.

mod artifacts;
mod binary;
mod environment;
mod execution;
mod operation;
mod orphans;
mod outcome;
mod output_dir;
mod output_stream;
pub(crate) mod plugins;
mod program;
mod progress_reporter;
mod self_check;
mod starts;
mod trace;
mod work_dir;
mod work_limit;

use std::sync::Arc;

use engine::Kind;
use serde::de::DeserializeOwned;
use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use tokio_util::sync::CancellationToken;
use wire::{client::Client, executors::ClaimedRun};

use crate::{
    Error, Isolation, Settings,
    addresses::AddressFilter,
    binaries::{Binaries, FetchLimits},
    lease::Lease,
    playrooms::Playrooms,
    plugin_registry::PluginRegistry,
};

pub(crate) use environment::AttemptEnvironment;
use outcome::Stop;
pub(crate) use outcome::{PerformOutcome, Unsent};
use trace::Trace;
use work_dir::WorkDir;

/// Search path of a program that sets none.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Everything that attempts need.
pub(crate) struct AttemptRunner {
    client: Client,
    binaries: Binaries,
    plugin_registry: Arc<PluginRegistry>,
    playrooms: Arc<Playrooms>,
    environment: Arc<AttemptEnvironment>,
    starts: starts::StartRecord,
}

/// A run under the lease that this executor took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) id: &'a str,
    pub(crate) token: i64,
}

impl AttemptRunner {
    /// Opens the directories, removes what a crash left in them, and tries the isolation.
    pub(crate) async fn open(
        client: Client,
        settings: Arc<Settings>,
        plugin_registry: Arc<PluginRegistry>,
        playrooms: Arc<Playrooms>,
    ) -> Result<Self, Error> {
        let opened = spawn_blocking(move || {
            let environment = AttemptEnvironment::open(Arc::clone(&settings))?;
            let limits = FetchLimits {
                addresses: AddressFilter::of_fetches(&settings.allow_fetch, settings.isolation),
                tells_hash: settings.isolation != Isolation::Strict,
                ..FetchLimits::new(settings.download_limit_bytes)
            };
            let binaries = Binaries::open(&settings.cache_dir, settings.cache_limit_bytes, limits)
                .map_err(environment::failed("cache", &settings.cache_dir))?;
            binaries.ask_first(client.clone());
            Ok(Self {
                client,
                binaries,
                plugin_registry,
                playrooms,
                environment: Arc::new(environment),
                starts: starts::StartRecord::default(),
            })
        });
        opened
            .await
            .unwrap_or_else(|error| Err(Error::Settings(error.to_string())))
    }

    /// What of the isolation could not be applied.
    pub(crate) fn missing(&self) -> &[String] {
        &self.environment.plan.missing
    }

    /// What all attempts share.
    pub(crate) fn environment(&self) -> &AttemptEnvironment {
        &self.environment
    }

    /// The kinds of runs that this executor performs.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let plugins = self.plugin_registry.is_used().then_some(Kind::PluginJob);
        let operations = self.playrooms.playroom().map(|_| Kind::Operation);
        let kinds = [Some(Kind::Job), plugins, Some(Kind::Execution), operations];
        kinds.iter().flatten().map(Kind::to_string).collect()
    }

    /// Performs a run under a lease, at most until `deadline`; `kill` releases it.
    pub(crate) async fn perform(
        &self,
        run: &ClaimedRun,
        deadline: Option<Instant>,
        lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> PerformOutcome {
        let watched = Watched {
            lease,
            kill,
            deadline,
        };
        if let Err(error) = self.environment.restored() {
            // Those that need it say so.
            tracing::warn!(%error, "the work directory cannot be made again");
        }
        match run.kind.parse() {
            Ok(Kind::Job) => self.perform_binary(run, watched).await,
            Ok(Kind::PluginJob) => self.perform_plugins(run, watched).await,
            Ok(Kind::Execution) => self.perform_execution(run, watched).await,
            Ok(Kind::Operation) => self.perform_operation(run, watched).await,
            Err(_) => {
                let kind = &run.kind;
                PerformOutcome::Abandoned(format!(
                    "this executor performs no runs of kind `{kind}`"
                ))
            }
        }
    }

    fn trace(&self, taken: Taken<'_>) -> Trace<'_> {
        Trace::begin(&self.environment.settings.spans, taken)
    }

    /// The variable that joins a program's own traces to its run's, where runs are traced.
    fn trace_parent(&self, taken: Taken<'_>) -> Option<(String, String)> {
        let run = taken.id.parse().ok()?;
        let wanted = self.environment.settings.spans.wanted();
        let parent = || wire::trace::parent_header(run, taken.token);
        wanted.then(|| ("TRACEPARENT".to_owned(), parent()))
    }
}

impl<'a> Taken<'a> {
    fn of(run: &'a ClaimedRun) -> Self {
        Self {
            id: &run.id,
            token: run.token,
        }
    }
}

/// What the work is, in the kind's own form.
fn input<T: DeserializeOwned>(run: &ClaimedRun) -> Result<T, PerformOutcome> {
    serde_json::from_str(run.input.get()).map_err(|error| {
        let reason = format!("the run's input cannot be read: {error}");
        PerformOutcome::not_started(Taken::of(run), reason)
    })
}

/// What an attempt is watched for while it works.
#[derive(Clone)]
struct Watched<'a> {
    lease: watch::Receiver<Lease>,
    kill: &'a CancellationToken,
    deadline: Option<Instant>,
}

/// Waits for a reason to stop a run in which nothing watches for one itself.
async fn stopped(watched: &mut Watched<'_>) -> Stop {
    stopped_if(watched, Lease::is_cancelled).await
}

/// The same where a cancel is one only if `cancelled` says so.
async fn stopped_if(watched: &mut Watched<'_>, cancelled: fn(&Lease) -> bool) -> Stop {
    let Watched {
        lease,
        kill,
        deadline,
    } = watched;
    loop {
        let now = *lease.borrow_and_update();
        if now.lost {
            return Stop::Lost;
        }
        if cancelled(&now) {
            return Stop::Cancelled;
        }
        if now.deadline <= Instant::now() {
            return Stop::LeaseExpired;
        }
        let timed_out = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(*deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = kill.cancelled() => return Stop::Drained,
            () = timed_out => return Stop::TimedOut,
            () = tokio::time::sleep_until(now.deadline) => {}
            changed = lease.changed() => if changed.is_err() { return Stop::Lost },
        }
    }
}
