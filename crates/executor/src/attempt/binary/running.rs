//! The part of an attempt in which the program runs.

use std::{io, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use wire::{
    client::{Client, Error},
    executors::LogChunk,
    jobs::{Job, Stream},
    trace,
};

use super::{
    Conclusion, PATH, Performer, Taken, Unsent, WorkDir,
    conclusion::{Ending, Stop},
    strays,
};
use crate::{
    agent::Lease,
    binaries::Pinned,
    cgroup::Cgroup,
    output::{Sink, capture},
    process::Process,
    shim::{End, Order, Report, Spec},
};

impl Performer {
    /// Runs the program to its end, whatever that is.
    pub(super) async fn run(
        &self,
        job: &Job,
        program: &Pinned,
        work_dir: &WorkDir,
        lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> Conclusion {
        let taken = Taken::job(job);
        let cgroup = match self.ground.plan.cgroups.create() {
            Ok(cgroup) => cgroup,
            Err(reason) => return Conclusion::not_started(self, taken, reason),
        };
        let spec = self.spec(job, program, work_dir, &cgroup, &lease);
        let (process, outputs) = match Process::start(&self.ground.settings.shim, &spec).await {
            Ok(started) => started,
            Err(error) => {
                let reason = format!("the shim cannot be started: {error}");
                return Conclusion::not_started(self, taken, reason);
            }
        };
        let over = CancellationToken::new();
        let watched = async {
            let watched = watch(process, job, lease, kill).await;
            over.cancel();
            watched
        };
        let sink = |stream| JobLog {
            client: self.client.clone(),
            chunk: self.chunk(job, stream),
            job: &job.id,
        };
        let (watched, stdout, stderr) = tokio::join!(
            watched,
            capture(outputs.stdout, over.cancelled(), sink(Stream::Stdout)),
            capture(outputs.stderr, over.cancelled(), sink(Stream::Stderr)),
        );
        let (report, stop) = watched;
        if report.is_err() {
            let (dir, groups) = (work_dir.path().to_owned(), cgroup.procs());
            let span = tracing::Span::current();
            let _ = spawn_blocking(move || span.in_scope(|| strays::end(&dir, &groups))).await;
        }
        let out_of_memory = cgroup.was_out_of_memory();
        cgroup.remove().await;
        match (&report, stop) {
            (_, Some(Stop::Lost)) => return Conclusion::Lost,
            (_, Some(Stop::Drained)) => return Conclusion::GivenBack("the executor ends"),
            (Ok(report), _) if report.fenced => {
                return Conclusion::GivenBack("its lease could not be renewed");
            }
            _ => {}
        }
        let mut ending = ending(&report, stop, job, out_of_memory);
        ending.stdout = stdout.excerpt.text();
        let mut last = stderr.excerpt;
        last.add(ending.stderr.as_bytes());
        ending.stderr = last.text();
        let unsent = [
            (Stream::Stdout, stdout.unsent),
            (Stream::Stderr, stderr.unsent),
        ];
        let unsent = unsent.into_iter().flat_map(|(stream, chunks)| {
            chunks.into_iter().map(move |(offset, bytes)| Unsent {
                chunk: LogChunk {
                    offset,
                    ..self.chunk(job, stream)
                },
                bytes,
            })
        });
        Conclusion::ended(self, taken, ending, unsent.collect())
    }

    fn spec(
        &self,
        job: &Job,
        program: &Pinned,
        work_dir: &WorkDir,
        cgroup: &Cgroup,
        lease: &watch::Receiver<Lease>,
    ) -> Spec {
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let mut environment: std::collections::BTreeMap<String, String> = [
            ("PATH".to_owned(), PATH.to_owned()),
            ("HOME".to_owned(), text(work_dir.home())),
            ("TMPDIR".to_owned(), text(work_dir.temporary())),
        ]
        .into();
        if let (true, Ok(run)) = (self.ground.settings.spans.wanted(), job.id.parse()) {
            let parent = trace::parent_header(run, job.lease_token.unwrap_or_default());
            environment.insert("TRACEPARENT".to_owned(), parent);
        }
        environment.extend(job.env_variables.clone());
        Spec {
            program: Some(program.path().to_owned()),
            arguments: job.arguments.clone(),
            environment,
            directory: work_dir.home().to_owned(),
            writable: work_dir.path().to_owned(),
            parts: self.ground.plan.parts.clone(),
            file_limit_bytes: self.ground.settings.file_limit_bytes,
            cgroups: cgroup.procs(),
            grace_ms: u64::try_from(self.ground.settings.cancel_grace.as_millis())
                .unwrap_or(u64::MAX),
            fence_ms: u64::try_from(left(lease.borrow().fence).as_millis()).ok(),
            ..Spec::default()
        }
    }

    fn chunk(&self, job: &Job, stream: Stream) -> LogChunk {
        LogChunk {
            stream,
            offset: 0,
            executor_id: self.ground.settings.name.clone(),
            lease_token: job.lease_token.unwrap_or_default(),
        }
    }
}

/// Watches the program, its lease, its time and the executor's own end, and gives the shim orders.
async fn watch(
    mut process: Process,
    job: &Job,
    mut lease: watch::Receiver<Lease>,
    kill: &CancellationToken,
) -> (io::Result<Report>, Option<Stop>) {
    let mut stop = None;
    let timeout = job.timeout_seconds.map(Duration::from_secs);
    let deadline = timeout.and_then(|time| Instant::now().checked_add(time));
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
                process.order(Order::Fence(left(now.fence))).await;
                if now.lost {
                    stop = Some(Stop::Lost);
                    process.order(Order::Kill).await;
                } else if now.cancelled && stop.is_none() {
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

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// The ending, without what the program printed.
fn ending(
    report: &io::Result<Report>,
    stop: Option<Stop>,
    job: &Job,
    out_of_memory: Option<u64>,
) -> Ending {
    let (exit_code, message, own_words) = match report {
        Ok(Report {
            end: End::Exited(code),
            ..
        }) => (i64::from(*code), format!("exited with code {code}"), false),
        Ok(Report {
            end: End::Signalled(signal),
            ..
        }) => {
            let memory = out_of_memory.map_or_else(String::new, |limit| {
                format!(": out of memory, the limit is {limit} bytes")
            });
            let name = signal_name(*signal);
            let message = format!("killed by signal {signal}{name}{memory}");
            (128 + i64::from(*signal), message, false)
        }
        Ok(Report {
            end: End::NotStarted(reason),
            ..
        }) => (-1, reason.clone(), true),
        Ok(Report {
            end: End::Ready { .. },
            ..
        }) => (-1, "the shim ran nothing".to_owned(), true),
        Err(error) => (-1, error.to_string(), true),
    };
    let timed_out = stop == Some(Stop::TimedOut);
    let completed = stop.is_none()
        && matches!(
            report,
            Ok(Report {
                end: End::Exited(0),
                ..
            })
        );
    let error_message = match stop {
        Some(Stop::Cancelled) => Some("cancelled".to_owned()),
        Some(Stop::TimedOut) => Some(format!(
            "timed out after {} s",
            job.timeout_seconds.unwrap_or_default()
        )),
        _ if completed => None,
        _ => Some(message.clone()),
    };
    let stderr = if own_words {
        format!("{message}\n")
    } else {
        String::new()
    };
    Ending {
        completed,
        exit_code: Some(exit_code),
        error_message,
        timed_out,
        stdout: String::new(),
        stderr,
    }
}

/// ` (SIGSEGV)`, or nothing for a signal without a name.
fn signal_name(signal: i32) -> String {
    let named = nix::sys::signal::Signal::try_from(signal);
    named.map_or_else(|_| String::new(), |signal| format!(" ({signal})"))
}

/// Sends one stream of a job to the server.
struct JobLog<'a> {
    client: Client,
    chunk: LogChunk,
    job: &'a str,
}

impl Sink for JobLog<'_> {
    async fn send(&self, offset: u64, bytes: Bytes) -> Result<(), Error> {
        let chunk = LogChunk {
            offset,
            ..self.chunk.clone()
        };
        self.client.send_log(self.job, &chunk, bytes).await
    }
}
