//! Plain binaries: fetch the program, run it, watch it, tell how it ended.

mod outcome;
mod running;

use std::time::Duration;

use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Span;
use wire::jobs::Job;

use super::{
    AttemptRunner, PATH, PerformOutcome, Taken, Unsent, WorkDir, orphans,
    outcome::{AttemptEnd, Stop},
    stopped,
};
use crate::{
    agent::Lease,
    binaries::{self, Pinned},
};

/// Why a job's program cannot be started.
enum Unprepared {
    /// Its own fault, wherever it is tried.
    Job(String),
    /// Something that this executor lacks.
    Executor(String),
}

/// What a job is watched for while it runs.
struct Watched<'a> {
    lease: watch::Receiver<Lease>,
    kill: &'a CancellationToken,
    deadline: Option<Instant>,
}

impl AttemptRunner {
    /// Performs a job under a lease; `kill` gives it back.
    pub(super) async fn perform_binary(
        &self,
        job: &Job,
        mut lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> PerformOutcome {
        let taken = Taken::job(job);
        // The server counts from the claim, a little earlier: fetching the program is a part of it.
        let timeout = job.timeout_seconds.map(Duration::from_secs);
        let deadline = timeout.and_then(|time| Instant::now().checked_add(time));
        let trace = self.trace(taken);
        let prepared = tokio::select! {
            biased;
            stop = stopped(&mut lease, kill, deadline) => {
                return trace.end(PerformOutcome::stopped(self, taken, stop, |timed_out| {
                    let reason = if timed_out {
                        format!("{} while its program was fetched", outcome::timed_out(job))
                    } else {
                        "cancelled".to_owned()
                    };
                    AttemptEnd {
                        timed_out,
                        ..AttemptEnd::not_started(reason)
                    }
                }));
            }
            prepared = self.prepare(job) => prepared,
        };
        let (program, work_dir) = match prepared {
            Ok(prepared) => prepared,
            Err(Unprepared::Job(reason)) => {
                return trace.end(PerformOutcome::not_started(self, taken, reason));
            }
            Err(Unprepared::Executor(reason)) => {
                return trace.end(PerformOutcome::Abandoned(reason));
            }
        };
        let trace = trace.prepared();
        let watched = Watched {
            lease,
            kill,
            deadline,
        };
        let outcome = self.run(job, &program, &work_dir, watched).await;
        let outcome = trace.end(outcome);
        // Gone before the result is told: nobody finds a half-removed directory.
        let span = Span::current();
        let _ = spawn_blocking(move || span.in_scope(|| drop(work_dir))).await;
        drop(program);
        outcome
    }

    async fn prepare(&self, job: &Job) -> Result<(Pinned, WorkDir), Unprepared> {
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
