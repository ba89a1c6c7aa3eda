//! One attempt of a plugin job, from its claim to its outcome.

use std::sync::Arc;

use wire::{executors::ClaimedRun, jobs::Stream, plugin_jobs::Config};

use super::{
    pipeline::{Pipeline, folder},
    spawner::IsolatedSpawner,
};
use crate::attempt::{
    AttemptRunner, Taken, Watched,
    artifacts::{ArtifactUploader, LeaseLost},
    input,
    outcome::{AttemptEnd, PerformOutcome, Stop},
    output_stream::{last_piece, unsent},
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
            self.trace_parent(taken),
            Some(watched.lease.clone()),
        );
        let progress_reporter =
            ProgressReporter::new(&self.client, &self.environment.settings.name, taken);
        let artifacts = ArtifactUploader::new(self, taken, watched.clone());
        let catalogue = self.plugin_registry.catalogue();
        let pipeline = Pipeline::new(
            (run, &config),
            catalogue,
            &spawner,
            progress_reporter,
            artifacts,
        );
        let mut pipeline = match pipeline {
            Ok(pipeline) => pipeline,
            Err(error) => {
                let reason = format!("what earlier attempts left cannot be read: {error}");
                return trace.end(PerformOutcome::not_started(taken, reason));
            }
        };
        let mut end = tokio::select! {
            biased;
            stop = stopped(&mut watched) => Err(Halt::Stop(stop)),
            end = pipeline.run() => end,
        };
        let current = pipeline.current();
        let mut artifacts = pipeline.into_artifacts();
        if let (Err(Halt::Stop(stop @ (Stop::Cancelled | Stop::TimedOut))), Some(plugin)) =
            (&end, current)
            && let Some(dir) = spawner.last_dir().await
            && let Err(LeaseLost) = artifacts
                .upload(dir.output(), folder(plugin), Some(*stop))
                .await
        {
            end = Err(Halt::Stop(Stop::Lost));
        }
        // Nothing of it runs any more when its end is reported.
        spawner.close().await;
        trace.end(self.outcome(taken, end, current, artifacts.omitted()))
    }

    /// What a plugin job came to that ended so, perhaps within a plugin; `omitted` says what is not kept of
    /// what the plugins left.
    fn outcome(
        &self,
        taken: Taken<'_>,
        end: Result<Option<String>, Halt>,
        current: Option<&str>,
        omitted: String,
    ) -> PerformOutcome {
        let lines = (!omitted.is_empty()).then(|| last_piece(0, &omitted));
        let errors = self.output_stream(taken, Stream::Stderr);
        let unsent = unsent([(&errors, lines.into_iter().collect())]);
        let ended = |error_message: Option<String>, timed_out| AttemptEnd {
            completed: error_message.is_none(),
            exit_code: None,
            error_message,
            timed_out,
            stdout: String::new(),
            stderr: omitted,
        };
        match end {
            Ok(error) => PerformOutcome::ended(taken, ended(error, false), unsent),
            Err(Halt::Abandoned(what)) => PerformOutcome::Abandoned(what),
            Err(Halt::Refused(reason)) => {
                let error = format!("the server does not take the job's progress: {reason}");
                PerformOutcome::ended(taken, ended(Some(error), false), unsent)
            }
            Err(Halt::Stop(stop)) => PerformOutcome::stopped(taken, stop, unsent, |timed_out| {
                let place = current.map_or_else(String::new, |name| format!(" in plugin `{name}`"));
                let error = if timed_out {
                    format!("the job's time was over{place}")
                } else {
                    "cancelled".to_owned()
                };
                ended(Some(error), timed_out)
            }),
        }
    }
}
