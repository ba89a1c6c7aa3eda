//! The executor's side of a shim: starts it, gives orders, and hears how the program ended.

use std::{ffi::OsString, io, os::fd::OwnedFd, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf, pipe},
    },
    process::{Child, Command},
};

pub use crate::fork_server::ForkServer;

use crate::shim::{Order, Report, Spec};

/// How long a shim may live on after its report.
const EXIT_LIMIT: Duration = Duration::from_secs(10);

/// A shim that runs a program. Dropping it kills the program's whole tree.
pub struct Process {
    orders: Orders,
    reports: OwnedReadHalf,
    report: Vec<u8>,
    /// None of one that was forked: the end of the reports is its own.
    child: Option<Child>,
}

/// Gives orders to a shim.
pub struct Orders(OwnedWriteHalf);

/// Where the program's output comes out.
pub struct Outputs {
    /// Standard output.
    pub stdout: pipe::Receiver,
    /// Standard error.
    pub stderr: pipe::Receiver,
}

impl Process {
    /// Starts a shim with the argv `shim` and has it run `spec`.
    ///
    /// # Errors
    /// When the shim itself cannot be started.
    pub async fn start(shim: &[OsString], spec: &Spec) -> io::Result<(Self, Outputs)> {
        let (program, arguments) = shim
            .split_first()
            .ok_or_else(|| io::Error::other("no shim is set"))?;
        let (pending, [control, out, err]) = PendingShim::new()?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::from(control))
            .stdout(Stdio::from(out))
            .stderr(Stdio::from(err))
            // Ctrl-C in a terminal is for the executor: it drains.
            .process_group(0)
            .spawn()?;
        pending.run(spec, Some(child)).await
    }

    /// Gives an order. One that comes too late has no effect.
    pub async fn order(&mut self, order: Order) {
        self.orders.give(order).await;
    }

    /// Waits until the shim has reported or is gone. Nothing is lost when it is cancelled.
    pub async fn reported(&mut self) {
        while self.read_report().is_none() {
            let more = self.reports.read_buf(&mut self.report).await;
            if !matches!(more, Ok(1..)) {
                return;
            }
        }
    }

    /// Waits for the program's end, however long it takes, and for the shim's exit.
    ///
    /// # Errors
    /// When the shim ended without a report: something killed it.
    pub async fn end(mut self) -> io::Result<Report> {
        self.reported().await;
        // The end of the orders means "kill": also what is left of a shim that does not exit.
        let Self {
            orders,
            mut reports,
            child,
            ..
        } = self;
        drop(orders);
        let gone = async {
            match child {
                Some(mut child) => child.wait().await.map(drop),
                // Its processes hold the other side until the last of them has ended.
                None => tokio::io::copy(&mut reports, &mut tokio::io::sink())
                    .await
                    .map(drop),
            }
        };
        let _ = tokio::time::timeout(EXIT_LIMIT, gone).await;
        serde_json::from_slice(&self.report).map_err(|_| io::Error::other("the shim was killed"))
    }

    fn read_report(&self) -> Option<Report> {
        serde_json::from_slice(&self.report).ok()
    }
}

/// The executor's side of a shim that is about to start.
pub(crate) struct PendingShim {
    control: UnixStream,
    outputs: Outputs,
}

impl PendingShim {
    /// Also answers what the shim gets as its standard streams.
    pub(crate) fn new() -> io::Result<(Self, [OwnedFd; 3])> {
        let (ours, theirs) = UnixStream::pair()?;
        let theirs = theirs.into_std()?;
        theirs.set_nonblocking(false)?;
        let (stdout, out) = io::pipe()?;
        let (stderr, err) = io::pipe()?;
        let outputs = Outputs {
            stdout: pipe::Receiver::from_owned_fd(stdout.into())?,
            stderr: pipe::Receiver::from_owned_fd(stderr.into())?,
        };
        let pending = Self {
            control: ours,
            outputs,
        };
        Ok((pending, [theirs.into(), out.into(), err.into()]))
    }

    /// Has the shim run `spec`.
    pub(crate) async fn run(
        self,
        spec: &Spec,
        child: Option<Child>,
    ) -> io::Result<(Process, Outputs)> {
        let (reports, mut orders) = self.control.into_split();
        let text = serde_json::to_vec(spec)?;
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        orders
            .write_all(&[&length.to_le_bytes()[..], &text].concat())
            .await?;
        let process = Process {
            orders: Orders(orders),
            reports,
            report: Vec::new(),
            child,
        };
        Ok((process, self.outputs))
    }
}

impl Orders {
    async fn give(&mut self, order: Order) {
        // An error means that the shim is gone; its end is noticed elsewhere.
        let _ = self.0.write_all(&order.encode()).await;
    }
}
