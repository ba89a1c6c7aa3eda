//! A program that runs in a work directory, through the shim, with the isolation of jobs.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use tokio::{io::AsyncRead, task::spawn_blocking, time::sleep_until};
use tokio_util::{either::Either, sync::CancellationToken};

use super::{AttemptEnvironment, Watched, WorkDir, orphans, outcome::Stop, work_limit};
use crate::{
    cgroup::Cgroup,
    output::{Captured, Sink, capture_both},
    process::Process,
    redactor::Redactor,
    shim::{Order, Part, Report, Spec, View},
};

/// What to run.
pub(super) struct ProgramStart<'a> {
    pub(super) path: &'a Path,
    /// A link to it, by which it is started.
    pub(super) called: Option<PathBuf>,
    pub(super) arguments: Vec<String>,
    /// What it sees besides the search path and its directories.
    pub(super) environment: BTreeMap<String, String>,
    /// The file that it reads from standard input.
    pub(super) stdin: Option<PathBuf>,
    /// Time between SIGTERM and SIGKILL.
    pub(super) grace: Duration,
    /// A part of the isolation that it gets besides those of all jobs.
    pub(super) besides: Option<Part>,
    /// What of the machine it sees, if that is less than all jobs see.
    pub(super) view: Option<View>,
    /// What it sees in the place of `/etc/hosts`, where it has mounts of its own.
    pub(super) hosts: Option<PathBuf>,
    /// Whether what is in its current directory is wanted after its end.
    pub(super) keeps_home: bool,
    /// Takes secrets out of what it prints.
    pub(super) redactor: Option<Redactor>,
}

/// How a program ended, with all of its processes.
pub(super) struct ProgramEnd {
    pub(super) report: io::Result<Report>,
    /// Why it was stopped, if it was.
    pub(super) stop: Option<Stop>,
    pub(super) stdout: Captured,
    pub(super) stderr: Captured,
    /// Why it was killed for what is in its work directory, if it was.
    pub(super) outgrown: Option<String>,
    /// The limit on memory that it met.
    pub(super) out_of_memory: Option<u64>,
}

impl AttemptEnvironment {
    /// Runs a program to its end, whatever that is. Not to be dropped before: its processes are dead and
    /// its groups are removed only at the end.
    ///
    /// # Errors
    /// What this executor lacks for it.
    pub(super) async fn run(
        &self,
        program: ProgramStart<'_>,
        work_dir: &WorkDir,
        watched: Watched<'_>,
        [out, err]: [impl Sink; 2],
    ) -> Result<ProgramEnd, String> {
        work_dir
            .hand_over()
            .await
            .map_err(|error| format!("the work directory cannot be handed over: {error}"))?;
        let cgroup = self.plan.cgroups.create()?;
        let left = watched.lease.borrow().left();
        let (redactor, keeps_home) = (program.redactor.clone(), program.keeps_home);
        let spec = self.program_spec(program, work_dir, &cgroup, left);
        let started = self.shims.start(&spec).await;
        let (process, outputs) =
            started.map_err(|error| format!("the shim cannot be started: {error}"))?;
        let over = CancellationToken::new();
        let room = (work_dir.path(), self.settings.work_limit_bytes);
        let ended = async {
            let ended = watch(process, watched, room).await;
            over.cancel();
            if ended.0.is_ok() && !keeps_home {
                // Before what it printed is sent: the server may wait for this very room.
                work_dir.clear().await;
            }
            ended
        };
        let stdout = redacted(outputs.stdout, redactor.as_ref());
        let stderr = redacted(outputs.stderr, redactor.as_ref());
        let ((report, stop, outgrown), (stdout, stderr)) = tokio::join!(
            ended,
            capture_both(
                &self.settings.work_dir,
                (stdout, over.cancelled(), out),
                (stderr, over.cancelled(), err),
            ),
        );
        if report.is_err() {
            let (dir, groups) = (work_dir.path().to_owned(), cgroup.procs());
            let span = tracing::Span::current();
            let _ = spawn_blocking(move || span.in_scope(|| orphans::end(&dir, &groups))).await;
        }
        let out_of_memory = cgroup.was_out_of_memory();
        cgroup.remove().await;
        Ok(ProgramEnd {
            report,
            stop,
            stdout,
            stderr,
            outgrown,
            out_of_memory,
        })
    }

    fn program_spec(
        &self,
        program: ProgramStart<'_>,
        work_dir: &WorkDir,
        cgroup: &Cgroup,
        left: Duration,
    ) -> Spec {
        let mut spec = self.spec(work_dir, cgroup, Some(left));
        spec.environment.extend(program.environment);
        let besides = program.besides.filter(|part| !spec.parts.contains(part));
        spec.parts.extend(besides);
        Spec {
            view: program.view.unwrap_or(spec.view),
            program: Some(program.path.to_owned()),
            called: program.called,
            arguments: program.arguments,
            stdin: program.stdin,
            hosts: program.hosts,
            grace_ms: u64::try_from(program.grace.as_millis()).unwrap_or(u64::MAX),
            ..spec
        }
    }
}

/// What a program prints, without secrets if there can be any.
fn redacted(
    output: impl AsyncRead + Unpin + Send + 'static,
    redactor: Option<&Redactor>,
) -> impl AsyncRead + Unpin {
    match redactor {
        Some(redactor) => Either::Left(redactor.reader(output)),
        None => Either::Right(output),
    }
}

/// Watches the program, its lease, its time, its room and the executor's own end, and gives the shim orders. Also
/// answers why it was killed for what is in its directory.
async fn watch(
    mut process: Process,
    watched: Watched<'_>,
    (dir, limit): (&Path, Option<u64>),
) -> (io::Result<Report>, Option<Stop>, Option<String>) {
    let Watched {
        mut lease,
        kill,
        deadline,
    } = watched;
    let (mut stop, mut outgrown) = (None, None);
    let mut leased = true;
    let mut exceeded = pin!(work_limit::exceeded(dir, limit));
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
            reason = &mut exceeded, if outgrown.is_none() => {
                outgrown = Some(reason);
                process.order(Order::Kill).await;
            }
            () = kill.cancelled(), if stop.is_none() => {
                stop = Some(Stop::Drained);
                process.order(Order::Terminate).await;
            }
        }
    }
    (process.end().await, stop, outgrown)
}
