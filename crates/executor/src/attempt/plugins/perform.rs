//! One attempt of a plugin job, from its claim to its outcome.

use std::sync::Arc;

use wire::{executors::ClaimedRun, plugin_jobs::Config, trace};

use super::{pipeline::Pipeline, spawner::IsolatedSpawner};
use crate::attempt::{
    AttemptRunner, Taken, Watched, input,
    outcome::{AttemptEnd, PerformOutcome},
    progress_reporter::{Halt, ProgressReporter},
    stopped,
};

impl AttemptRunner {
    /// Performs a plugin job.
    pub(in crate::attempt) async fn perform_plugins(
        &self,
        run: &ClaimedRun,
        mut watched: Watched<'_>,
    ) -> PerformOutcome {
        let config: Config = match input(run) {
            Ok(config) => config,
            Err(outcome) => return outcome,
        };
        let taken = Taken::of(run);
        let trace = self.trace(taken).prepared();
        let spawner = IsolatedSpawner::new(
            Arc::clone(&self.environment),
            self.environment(taken),
            Some(watched.lease.clone()),
        );
        let progress_reporter =
            ProgressReporter::new(&self.client, &self.environment.settings.name, taken);
        let catalogue = self.plugin_registry.catalogue();
        let pipeline = Pipeline::new((run, &config), catalogue, &spawner, progress_reporter);
        let mut pipeline = match pipeline {
            Ok(pipeline) => pipeline,
            Err(error) => {
                let reason = format!("what earlier attempts left cannot be read: {error}");
                return trace.end(PerformOutcome::not_started(taken, reason));
            }
        };
        let end = tokio::select! {
            biased;
            stop = stopped(&mut watched) => Err(Halt::Stop(stop)),
            end = pipeline.run() => end,
        };
        let current = pipeline.current().map(str::to_owned);
        drop(pipeline);
        // Nothing of it runs any more when its end is reported.
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
