//! Plugin jobs: each plugin in its order, what it left noted before the next one begins.

mod backoff;
mod bounds;
mod isolated;
mod logs;
mod pipeline;
mod progress_reporter;
mod spawner;
mod supervisor;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use wire::{executors::LeasedPluginJob, trace};

use super::{
    AttemptEnvironment, AttemptRunner, PATH, PerformOutcome, Taken, WorkDir, orphans,
    outcome::{AttemptEnd, Stop},
    stopped,
};
use crate::agent::Lease;

pub use isolated::Isolated;
use pipeline::Pipeline;
use progress_reporter::{Halt, ProgressReporter};
use spawner::IsolatedSpawner;

impl<'a> Taken<'a> {
    fn plugin_job(job: &'a LeasedPluginJob) -> Self {
        Self {
            id: &job.id,
            token: job.lease_token,
        }
    }
}

impl AttemptRunner {
    /// Performs a plugin job under a lease; `kill` gives it back.
    pub(super) async fn perform_plugins(
        &self,
        job: &LeasedPluginJob,
        mut lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> PerformOutcome {
        let taken = Taken::plugin_job(job);
        let deadline = Instant::now().checked_add(Duration::from_millis(job.remaining_ms));
        let trace = self.trace(taken).prepared();
        let spawner = IsolatedSpawner::new(
            Arc::clone(&self.environment),
            self.environment(taken),
            Some(lease.clone()),
        );
        let progress_reporter =
            ProgressReporter::new(&self.client, &self.environment.settings.name, taken);
        let mut pipeline = Pipeline::new(
            job,
            self.plugin_registry.catalogue(),
            &spawner,
            progress_reporter,
        );
        let end = tokio::select! {
            biased;
            stop = stopped(&mut lease, kill, deadline) => Err(Halt::Stop(stop)),
            end = pipeline.run() => end,
        };
        let current = pipeline.current().map(str::to_owned);
        drop(pipeline);
        // Nothing of it runs any more when its end is told.
        spawner.close().await;
        trace.end(match end {
            Ok(error) => PerformOutcome::ended(self, taken, outcome(error, false), Vec::new()),
            Err(Halt::Abandoned(what)) => PerformOutcome::Abandoned(what),
            Err(Halt::Refused(reason)) => {
                let error = format!("the server does not take the job's progress: {reason}");
                PerformOutcome::ended(self, taken, outcome(Some(error), false), Vec::new())
            }
            Err(Halt::Stop(stop)) => PerformOutcome::stopped(self, taken, stop, |timed_out| {
                let place = current.map_or_else(String::new, |name| format!(" in plugin `{name}`"));
                let error = if timed_out {
                    format!("the job's time was over{place}")
                } else {
                    "cancelled".to_owned()
                };
                outcome(Some(error), timed_out)
            }),
        })
    }

    fn environment(&self, taken: Taken<'_>) -> Vec<(String, String)> {
        match taken.id.parse() {
            Ok(run) if self.environment.settings.spans.wanted() => {
                let parent = trace::parent_header(run, taken.token);
                vec![("TRACEPARENT".to_owned(), parent)]
            }
            _ => Vec::new(),
        }
    }
}

/// How a plugin job ended: `error` says why it failed, if it did.
fn outcome(error: Option<String>, timed_out: bool) -> AttemptEnd {
    AttemptEnd {
        completed: error.is_none(),
        exit_code: None,
        error_message: error,
        timed_out,
        stdout: String::new(),
        stderr: String::new(),
    }
}
