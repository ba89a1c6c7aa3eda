//! Plugin jobs: each plugin in its order, what it left noted before the next one begins.

mod backoff;
mod bounds;
mod isolated;
mod logs;
mod pipeline;
mod progress_reporter;
mod spawner;
mod supervisor;

use std::sync::Arc;

use wire::{executors::ClaimedRun, plugin_jobs::Config, trace};

use super::{
    AttemptEnvironment, AttemptRunner, PATH, PerformOutcome, Taken, Watched, WorkDir, input,
    orphans,
    outcome::{AttemptEnd, Stop},
    stopped,
};
pub use isolated::Isolated;
use pipeline::Pipeline;
use progress_reporter::{Halt, ProgressReporter};
use spawner::IsolatedSpawner;

impl AttemptRunner {
    /// Performs a plugin job.
    pub(super) async fn perform_plugins(
        &self,
        run: &ClaimedRun,
        mut watched: Watched<'_>,
    ) -> PerformOutcome {
        let config: Config = match input(run) {
            Ok(config) => config,
            Err(outcome) => return outcome,
        };
        let taken = Taken::of(run);
        let progress = run.state.clone().map(serde_json::from_value);
        let progress = match progress.transpose() {
            Ok(progress) => progress.unwrap_or_default(),
            Err(error) => {
                let reason = format!("the run's state cannot be read: {error}");
                return PerformOutcome::not_started(taken, reason);
            }
        };
        let trace = self.trace(taken).prepared();
        let spawner = IsolatedSpawner::new(
            Arc::clone(&self.environment),
            self.environment(taken),
            Some(watched.lease.clone()),
        );
        let progress_reporter =
            ProgressReporter::new(&self.client, &self.environment.settings.name, taken);
        let mut pipeline = Pipeline::new(
            (&run.id, &config, progress),
            self.plugin_registry.catalogue(),
            &spawner,
            progress_reporter,
        );
        let end = tokio::select! {
            biased;
            stop = stopped(&mut watched) => Err(Halt::Stop(stop)),
            end = pipeline.run() => end,
        };
        let current = pipeline.current().map(str::to_owned);
        drop(pipeline);
        // Nothing of it runs any more when its end is told.
        spawner.close().await;
        trace.end(match end {
            Ok(error) => PerformOutcome::ended(taken, outcome(error, false), Vec::new()),
            Err(Halt::Abandoned(what)) => PerformOutcome::Abandoned(what),
            Err(Halt::Refused(reason)) => {
                let error = format!("the server does not take the job's progress: {reason}");
                PerformOutcome::ended(taken, outcome(Some(error), false), Vec::new())
            }
            Err(Halt::Stop(stop)) => PerformOutcome::stopped(taken, stop, |timed_out| {
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
