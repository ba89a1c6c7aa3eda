//! Plain binaries: fetch the program, run it, watch it, tell how it ended.

mod outcome;
mod running;

use tokio::task::spawn_blocking;
use tracing::Span;
use wire::executors::{ClaimedRun, JobInput};

use super::{
    AttemptRunner, PATH, PerformOutcome, Taken, Unsent, Watched, WorkDir, input, orphans,
    outcome::{AttemptEnd, Stop},
    stopped,
};
use crate::binaries::{self, Pinned};

/// Why a job's program cannot be started.
enum Unprepared {
    /// Its own fault, wherever it is tried.
    Job(String),
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
                return trace.end(PerformOutcome::stopped(taken, stop, |timed_out| {
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
        let (program, work_dir) = match prepared {
            Ok(prepared) => prepared,
            Err(Unprepared::Job(reason)) => {
                return trace.end(PerformOutcome::not_started(taken, reason));
            }
            Err(Unprepared::Executor(reason)) => {
                return trace.end(PerformOutcome::Abandoned(reason));
            }
        };
        let trace = trace.prepared();
        let outcome = self.run(taken, &job, &program, &work_dir, watched).await;
        let outcome = trace.end(outcome);
        // Gone before the result is told: nobody finds a half-removed directory.
        let span = Span::current();
        let _ = spawn_blocking(move || span.in_scope(|| drop(work_dir))).await;
        drop(program);
        outcome
    }

    async fn prepare(&self, job: &JobInput) -> Result<(Pinned, WorkDir), Unprepared> {
        let failed = |error: binaries::Error| {
            let reason = format!("binary download failed: {error}");
            match error {
                binaries::Error::Cache(_) | binaries::Error::Away(_) => {
                    Unprepared::Executor(reason)
                }
                _ => Unprepared::Job(reason),
            }
        };
        let digest = job
            .binary_sha256
            .parse()
            .map_err(|e| failed(binaries::Error::Invalid(e)))?;
        let program = self
            .binaries
            .get(digest, &job.binary_url)
            .await
            .map_err(failed)?;
        let work_dir = self.environment.work_dir().await;
        Ok((program, work_dir.map_err(Unprepared::Executor)?))
    }
}
