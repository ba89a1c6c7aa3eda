//! Looks after one process of a plugin, from its start until nothing is left of it.

use std::{
    fs::OpenOptions,
    future::Future,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use plugin::process::{Command, Exit};
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::{oneshot, watch},
    task::spawn_blocking,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tracing::Span;

use crate::{
    attempt::{environment::AttemptEnvironment, orphans, work_dir::WorkDir, work_limit},
    cgroup::Cgroup,
    lease::Lease,
    process::{Outputs, Process},
    shim::{End, Order, Report, Spec},
};

/// What the group of a plugin's processes may have besides: the shim, the kernel's part of each process and
/// libraries count there, and are not what the manifest speaks of.
const OVERHEAD_BYTES: u64 = 16 << 20;

/// What this machine lacked for a process, which is not a plugin's fault.
pub(super) type ExecutorFault = Arc<Mutex<Option<String>>>;

pub(super) struct Supervisor {
    pub(super) environment: Arc<AttemptEnvironment>,
    pub(super) lease: Option<watch::Receiver<Lease>>,
    /// Cancelled: the process is to be killed.
    pub(super) unwanted: CancellationToken,
    /// Cancelled when the process has ended: its output ends as well.
    pub(super) over: CancellationToken,
    pub(super) fault: ExecutorFault,
    /// Gets the process's directory once nothing of it runs.
    pub(super) left: watch::Sender<Option<Arc<WorkDir>>>,
}

/// A stream of a process.
type Stream = Pin<Box<dyn AsyncRead + Send>>;

/// Standard output and standard error.
type Streams = (Stream, Stream);

impl Supervisor {
    pub(super) async fn keep(
        mut self,
        command: Command,
        started: oneshot::Sender<io::Result<Streams>>,
        ended: oneshot::Sender<io::Result<Exit>>,
    ) {
        let (process, outputs, work_dir, cgroup) = match self.start(command).await {
            Ok(made) => made,
            Err(error) => {
                self.lacks(error.to_string());
                let _ = started.send(Err(error));
                return;
            }
        };
        let ends = || self.over.clone().cancelled_owned();
        let _ = started.send(Ok((
            AttemptEnd::of(outputs.stdout, ends()),
            AttemptEnd::of(outputs.stderr, ends()),
        )));
        let (report, outgrown) = self.watch(process, work_dir.path()).await;
        self.over.cancel();
        if let Ok(Report {
            end: End::NotPrepared(reason),
            ..
        }) = &report
        {
            self.lacks(reason.clone());
        }
        if report.is_err() {
            let (dir, groups) = (work_dir.path().to_owned(), cgroup.procs());
            let span = Span::current();
            let _ = spawn_blocking(move || span.in_scope(|| orphans::end(&dir, &groups))).await;
        }
        let work_dir = Arc::new(work_dir);
        self.left.send_replace(Some(Arc::clone(&work_dir)));
        let out_of_memory = cgroup.was_out_of_memory().is_some();
        let _ = ended.send(match outgrown {
            Some(reason) => Err(io::Error::other(reason)),
            None => exit(report, out_of_memory),
        });
        cgroup.remove().await;
        let span = Span::current();
        let _ = spawn_blocking(move || span.in_scope(|| drop((work_dir, self.left)))).await;
    }

    fn lacks(&self, what: String) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    async fn start(&self, command: Command) -> io::Result<(Process, Outputs, WorkDir, Cgroup)> {
        let work_dir = self
            .environment
            .work_dir()
            .await
            .map_err(io::Error::other)?;
        let stdin = work_dir.path().join("call");
        let write = {
            let (path, content) = (stdin.clone(), command.stdin.clone());
            move || {
                let file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path);
                file.and_then(|mut file| file.write_all(&content))
            }
        };
        spawn_blocking(write).await??;
        work_dir.hand_over().await?;
        let cgroup = self
            .environment
            .plan
            .cgroups
            .create_within(command.limits.memory_bytes.saturating_add(OVERHEAD_BYTES))
            .map_err(io::Error::other)?;
        let spec = self.spec(command, stdin, &work_dir, &cgroup);
        match self.environment.shims.start(&spec).await {
            Ok((process, outputs)) => Ok((process, outputs, work_dir, cgroup)),
            Err(error) => {
                cgroup.remove().await;
                let reason = format!("the shim cannot be started: {error}");
                Err(io::Error::new(error.kind(), reason))
            }
        }
    }

    fn spec(&self, command: Command, stdin: PathBuf, dir: &WorkDir, cgroup: &Cgroup) -> Spec {
        let left = self.lease.as_ref().map(|lease| lease.borrow().left());
        let mut spec = self.environment.spec(dir, cgroup, left);
        spec.environment.extend(command.environment);
        spec.view.readable.extend(command.folder);
        Spec {
            program: Some(command.program),
            arguments: command.arguments,
            stdin: Some(stdin),
            memory_limit_bytes: Some(command.limits.memory_bytes),
            ..spec
        }
    }

    /// Watches the process, its lease, its room, and whether anybody still wants it. Also answers why it was killed
    /// for what is in its directory.
    async fn watch(
        &mut self,
        mut process: Process,
        dir: &Path,
    ) -> (io::Result<Report>, Option<String>) {
        let (mut unwanted, mut outgrown) = (false, None);
        let mut exceeded = pin!(work_limit::exceeded(
            dir,
            self.environment.settings.work_limit_bytes
        ));
        loop {
            let lease = &mut self.lease;
            let changed = async {
                match lease {
                    Some(lease) => lease.changed().await.map(|()| *lease.borrow_and_update()),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = process.reported() => break,
                () = self.unwanted.cancelled(), if !unwanted => {
                    unwanted = true;
                    process.order(Order::Kill).await;
                }
                reason = &mut exceeded, if outgrown.is_none() => {
                    outgrown = Some(reason);
                    process.order(Order::Kill).await;
                }
                changed = changed => match changed {
                    Ok(now) if now.lost => process.order(Order::Kill).await,
                    Ok(now) => process.order(Order::Deadline(now.left())).await,
                    // The lease ended; the caller lets go as well.
                    Err(_) => self.lease = None,
                },
            }
        }
        (process.end().await, outgrown)
    }
}

fn exit(report: io::Result<Report>, out_of_memory: bool) -> io::Result<Exit> {
    let report = report?;
    if report.lease_expired {
        return Err(io::Error::other("its lease could not be renewed"));
    }
    match report.end {
        End::Exited(0) => Ok(Exit::Code(0)),
        End::Exited(_) | End::Signalled(_) if out_of_memory => Ok(Exit::Memory),
        End::Exited(code) => Ok(Exit::Code(code)),
        End::Signalled(signal) => Ok(Exit::Signal(signal)),
        End::NotStarted(reason) | End::NotPrepared(reason) => Err(io::Error::other(reason)),
        End::Ready { .. } => Err(io::Error::other("the shim ran nothing")),
    }
}

/// A stream that ends when the process has ended and nothing is left to read at once, the caller who else
/// holds its other side.
struct AttemptEnd<R> {
    inner: R,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<R: AsyncRead + Send + 'static> AttemptEnd<R> {
    fn of(inner: R, over: WaitForCancellationFutureOwned) -> Stream
    where
        R: Unpin,
    {
        Box::pin(Self {
            inner,
            over: Box::pin(over),
        })
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for AttemptEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_read(context, buffer) {
            Poll::Pending => self.over.as_mut().poll(context).map(Ok),
            ready => ready,
        }
    }
}
