//! SIGINT, SIGTERM and SIGHUP of the long-running commands.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// The signals that ask this process to stop.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal or the session went away. `None` when the caller had it ignored, as `nohup` does.
    hangup: Option<Signal>,
}

impl StopSignals {
    /// Takes the signals over: from now on they no longer end the process by themselves.
    pub(crate) fn new() -> Result<Self, Failure> {
        let take =
            |kind| signal(kind).map_err(|error| Failure::io("cannot listen for signals", &error));
        let hangup = match ignores(SignalKind::hangup()) {
            true => None,
            false => Some(take(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            hangup,
        })
    }

    /// Waits for the next signal; the answer is what a command ends with that it stops.
    pub(crate) async fn next(&mut self) -> Exit {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Exit::INTERRUPTED,
            _ = self.terminate.recv() => Exit::TERMINATED,
            _ = hangup => Exit::TERMINATED,
        }
    }

    /// After the first signal the process drains; the next one ends it at once. A hangup does not: of one
    /// terminal that goes away, the kernel and the shell both send one. It stays caught.
    pub(crate) fn end_at_once_on_next(mut self) {
        self.hangup = None;
        tokio::spawn(async move {
            let exit = self.next().await;
            tracing::warn!("stopping at once");
            std::process::exit(i32::from(exit.0));
        });
    }
}

/// Whether this process was started with a signal ignored.
fn ignores(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    set.is_some_and(|set| set >> (kind.as_raw_value() - 1) & 1 == 1)
}
