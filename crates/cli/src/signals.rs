//! SIGINT and SIGTERM of the long-running commands.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// The signals that ask this process to stop.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Takes the signals over: from now on they no longer end the process by themselves.
    pub(crate) fn new() -> Result<Self, Failure> {
        let take =
            |kind| signal(kind).map_err(|error| Failure::io("cannot listen for signals", &error));
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal; the answer is what a command ends with that it stops.
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::INTERRUPTED,
            _ = self.terminate.recv() => Exit::TERMINATED,
        }
    }

    /// After the first signal the process drains; the next one ends it at once.
    pub(crate) fn end_at_once_on_next(mut self) {
        tokio::spawn(async move {
            let exit = self.next().await;
            tracing::warn!("stopping at once");
            std::process::exit(i32::from(exit.0));
        });
    }
}
