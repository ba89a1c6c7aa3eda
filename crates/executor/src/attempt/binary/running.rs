//! The part of an attempt in which the program runs.

use std::{io, time::Duration};

use bytes::Bytes;
use tokio::{task::spawn_blocking, time::sleep_until};
use tokio_util::sync::CancellationToken;
use wire::{
    client::{Client, Error},
    executors::{JobInput, OutputChunk},
    jobs::Stream,
};

use super::{
    ArtifactUploader, AttemptRunner, PerformOutcome, Stop, Taken, Unsent, Watched, WorkDir,
    orphans,
    outcome::{outcome, without_result},
};
use crate::{
    binaries::Pinned,
    cgroup::Cgroup,
    output::{Captured, Sink, capture},
    process::Process,
    shim::{Order, Report, Spec},
};

impl AttemptRunner {
    /// Runs the program to its end, whatever that is.
    pub(super) async fn run(
        &self,
        taken: Taken<'_>,
        job: &JobInput,
        program: &Pinned,
        work_dir: &WorkDir,
        watched: Watched<'_>,
    ) -> PerformOutcome {
        let cgroup = match self.environment.plan.cgroups.create() {
            Ok(cgroup) => cgroup,
            Err(reason) => return PerformOutcome::Abandoned(reason),
        };
        let left = watched.lease.borrow().left();
        let spec = self.spec((taken, job), program, work_dir, &cgroup, left);
        let (process, outputs) = match Process::start(&self.environment.settings.shim, &spec).await
        {
            Ok(started) => started,
            Err(error) => {
                let reason = format!("the shim cannot be started: {error}");
                return PerformOutcome::Abandoned(reason);
            }
        };
        let mut artifacts = ArtifactUploader::new(self, taken, watched.clone());
        let over = CancellationToken::new();
        let ended = async {
            let ended = watch(process, watched).await;
            over.cancel();
            ended
        };
        let sink = |stream| JobLog {
            client: self.client.clone(),
            chunk: self.chunk(taken, stream),
            job: taken.id,
        };
        let (ended, stdout, stderr) = tokio::join!(
            ended,
            capture(outputs.stdout, over.cancelled(), sink(Stream::Stdout)),
            capture(outputs.stderr, over.cancelled(), sink(Stream::Stderr)),
        );
        let (report, stop) = ended;
        if report.is_err() {
            let (dir, groups) = (work_dir.path().to_owned(), cgroup.procs());
            let span = tracing::Span::current();
            let _ = spawn_blocking(move || span.in_scope(|| orphans::end(&dir, &groups))).await;
        }
        let out_of_memory = cgroup.was_out_of_memory();
        cgroup.remove().await;
        if let Some(outcome) = without_result(&report, stop) {
            return outcome;
        }
        let uploaded = artifacts.upload(work_dir.output(), String::new(), stop);
        if uploaded.await.is_err() {
            return PerformOutcome::Lost;
        }
        let mut outcome = outcome(&report, stop, job, out_of_memory);
        outcome.stdout = stdout.excerpt.text();
        let (stderr, unsent_errors) = with_omitted(stderr, &artifacts.omitted(), &outcome.stderr);
        outcome.stderr = stderr;
        let (out, err) = (
            (Stream::Stdout, stdout.unsent),
            (Stream::Stderr, unsent_errors),
        );
        let unsent = [out, err].into_iter().flat_map(|(stream, chunks)| {
            chunks.into_iter().map(move |(offset, bytes)| Unsent {
                chunk: OutputChunk {
                    offset,
                    ..self.chunk(taken, stream)
                },
                bytes,
            })
        });
        PerformOutcome::ended(taken, outcome, unsent.collect())
    }

    fn spec(
        &self,
        (taken, job): (Taken<'_>, &JobInput),
        program: &Pinned,
        work_dir: &WorkDir,
        cgroup: &Cgroup,
        left: Duration,
    ) -> Spec {
        let mut spec = self.environment.spec(work_dir, cgroup, Some(left));
        spec.environment.extend(self.trace_parent(taken));
        spec.environment.extend(job.env_variables.clone());
        Spec {
            program: Some(program.path().to_owned()),
            arguments: job.arguments.clone(),
            ..spec
        }
    }
}

/// Watches the program, its lease, its time and the executor's own end, and gives the shim orders.
async fn watch(mut process: Process, watched: Watched<'_>) -> (io::Result<Report>, Option<Stop>) {
    let Watched {
        mut lease,
        kill,
        deadline,
        ..
    } = watched;
    let mut stop = None;
    let mut leased = true;
    loop {
        let timed_out = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = process.reported() => break,
            changed = lease.changed(), if leased => {
                let now = *lease.borrow_and_update();
                leased = changed.is_ok();
                process.order(Order::Deadline(now.left())).await;
                if now.lost {
                    stop = Some(Stop::Lost);
                    process.order(Order::Kill).await;
                } else if now.is_cancelled() && stop.is_none() {
                    stop = Some(Stop::Cancelled);
                    process.order(Order::Terminate).await;
                }
            }
            () = timed_out, if stop.is_none() => {
                stop = Some(Stop::TimedOut);
                process.order(Order::Terminate).await;
            }
            () = kill.cancelled(), if stop.is_none() => {
                stop = Some(Stop::Drained);
                process.order(Order::Terminate).await;
            }
        }
    }
    (process.end().await, stop)
}

/// Sends one stream of a job to the server.
struct JobLog<'a> {
    client: Client,
    chunk: OutputChunk,
    job: &'a str,
}

impl Sink for JobLog<'_> {
    async fn send(&self, offset: u64, bytes: Bytes) -> Result<(), Error> {
        let chunk = OutputChunk {
            offset,
            ..self.chunk.clone()
        };
        self.client.send_output(self.job, &chunk, bytes).await
    }
}

/// Standard error with what was left out of the artefacts and why the program failed, and what of it the
/// server does not have yet.
fn with_omitted(stderr: Captured, omitted: &str, error: &str) -> (String, Vec<(u64, Bytes)>) {
    let (mut last, mut unsent) = (stderr.excerpt, stderr.unsent);
    last.add(omitted.as_bytes());
    last.add(error.as_bytes());
    if !omitted.is_empty() {
        unsent.push((stderr.total_bytes, omitted.to_owned().into()));
    }
    (last.text(), unsent)
}
