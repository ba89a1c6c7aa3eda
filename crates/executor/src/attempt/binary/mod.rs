//! Plain binaries: fetch the program, run it, watch it, tell how it ended.

mod name;
mod outcome;
mod playground;
mod running;

use tokio::task::spawn_blocking;
use tracing::Span;
use wire::executors::{ClaimedRun, JobInput};

use self::playground::PlaygroundReach;

use super::{
    AttemptRunner, PerformOutcome, Taken, Watched, WorkDir, input,
    outcome::{AttemptEnd, Stop},
    stopped,
};
use crate::binaries::{self, DownloadSource, Pinned};

/// Why a job's program cannot be started.
enum Unprepared {
    /// Its own fault, wherever it is tried.
    Job(String),
    /// A server of it or of its files does not answer, at least not to this executor.
    Unreachable(String),
    /// Something that this executor lacks.
    Executor(String),
}

impl AttemptRunner {
    /// Performs a job.
    pub(super) async fn perform_binary(
        &self,
        run: &ClaimedRun,
        mut watched: Watched<'_>,
    ) -> PerformOutcome {
        let job: JobInput = match input(run) {
            Ok(job) => job,
            Err(outcome) => return outcome,
        };
        let taken = Taken::of(run);
        let trace = self.trace(taken);
        let prepared = tokio::select! {
            biased;
            stop = stopped(&mut watched) => {
                return trace.end(PerformOutcome::stopped(taken, stop, Vec::new(), |timed_out| {
                    let reason = if timed_out {
                        format!("{} while its program was fetched", outcome::timed_out(&job))
                    } else {
                        "cancelled".to_owned()
                    };
                    AttemptEnd {
                        timed_out,
                        ..AttemptEnd::not_started(reason)
                    }
                }));
            }
            prepared = self.prepare(&job) => prepared,
        };
        let (program, work_dir, reach) = match prepared {
            Ok(prepared) => prepared,
            Err(Unprepared::Job(reason)) => {
                return trace.end(PerformOutcome::not_started(taken, reason));
            }
            Err(Unprepared::Unreachable(reason)) => {
                // Many programs of one server that is away say as much as one.
                let server = job.binary_url.split('/').nth(2).unwrap_or_default();
                self.starts.failed(server, &reason);
                return trace.end(PerformOutcome::not_started(taken, reason));
            }
            Err(Unprepared::Executor(reason)) => {
                return trace.end(PerformOutcome::Abandoned(reason));
            }
        };
        let trace = trace.prepared();
        let places = (program.path(), &work_dir);
        let outcome = self.run(taken, &job, places, reach, watched).await;
        let outcome = trace.end(outcome);
        // Gone before the result is told: nobody finds a half-removed directory.
        let span = Span::current();
        let _ = spawn_blocking(move || span.in_scope(|| drop(work_dir))).await;
        drop(program);
        outcome
    }

    async fn prepare(
        &self,
        job: &JobInput,
    ) -> Result<(Pinned, WorkDir, PlaygroundReach), Unprepared> {
        let (program, work_dir) = self.laid(job).await?;
        let reach = match &job.playground {
            Some(playground) => self.reach(playground, &work_dir).await?,
            None => PlaygroundReach::default(),
        };
        Ok((program, work_dir, reach))
    }

    /// Fetches the program and its files.
    async fn laid(&self, job: &JobInput) -> Result<(Pinned, WorkDir), Unprepared> {
        let sha256 = Some(job.binary_sha256.as_str());
        let source = DownloadSource {
            url: job.binary_url.clone(),
            headers: job.binary_headers.clone(),
        };
        let program = self.fetch("binary", source, sha256).await?;
        let mut files = Vec::with_capacity(job.files.len());
        for (name, file) in &job.files {
            let (url, sha256) = file.parts();
            let fetched = self
                .fetch(&format!("file `{name}`"), url.into(), sha256)
                .await?;
            files.push((name.clone(), fetched));
        }
        let work_dir = self.environment.work_dir().await;
        let work_dir = work_dir.map_err(Unprepared::Executor)?;
        if files.is_empty() {
            return Ok((program, work_dir));
        }
        // The directory goes with the task: one that is given up is removed after the last copy.
        let laid = spawn_blocking(move || {
            for (name, file) in &files {
                let laid = work_dir.lay(name, file.path());
                laid.map_err(|error| format!("file `{name}` cannot be laid out: {error}"))?;
            }
            Ok(work_dir)
        });
        let laid = laid.await.unwrap_or_else(|error| Err(error.to_string()));
        Ok((program, laid.map_err(Unprepared::Executor)?))
    }

    /// Fetches what a job needs into the cache.
    async fn fetch(
        &self,
        what: &str,
        source: DownloadSource,
        sha256: Option<&str>,
    ) -> Result<Pinned, Unprepared> {
        let fetched = match sha256.map(str::parse).transpose() {
            Ok(Some(digest)) => self.binaries.get(digest, source).await,
            Ok(None) => self.binaries.get_unhashed(source).await,
            Err(error) => Err(binaries::Error::Invalid(error)),
        };
        fetched.map_err(|error| {
            let reason = format!("{what} download failed: {error}");
            match error {
                binaries::Error::Cache(_) | binaries::Error::Away(_) => {
                    Unprepared::Executor(reason)
                }
                binaries::Error::Unreachable(_) => Unprepared::Unreachable(reason),
                _ => Unprepared::Job(reason),
            }
        })
    }
}
