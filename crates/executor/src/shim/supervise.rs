//! Watches the program, the executor and the clock until nothing of the tree is left.

use std::{
    io::{self, ErrorKind, Read},
    os::{
        fd::AsFd,
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    process::Child,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::Signal,
        signalfd::SignalFd,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{
    send,
    spec::{End, Order, Report, Spec},
    tree::Tree,
};

/// How long the last processes may take to die. One that hangs in the kernel can take forever: then
/// the report is sent all the same.
const DEATH_LIMIT: Duration = Duration::from_secs(10);

/// How often a tree that does not die is killed again.
const KILL_PERIOD: Duration = Duration::from_millis(20);

/// Supervises until the whole tree is gone, then reports.
pub(super) fn run(
    control: UnixStream,
    signals: SignalFd,
    child: Child,
    tree: Tree,
    spec: &Spec,
) -> io::Result<()> {
    control.set_nonblocking(true)?;
    let mut supervisor = Supervisor {
        control,
        signals,
        child,
        tree,
        grace: Duration::from_millis(spec.grace_ms),
        received: Vec::new(),
        kill_at: None,
        fence_at: spec
            .fence_ms
            .and_then(|ms| later(Duration::from_millis(ms))),
        lease_expired: false,
        end: None,
    };
    supervisor.watch()?;
    supervisor.finish()?;
    let end = supervisor.end.unwrap_or_else(|| {
        End::NotStarted("the program ended in a way that the kernel did not tell".to_owned())
    });
    supervisor.control.set_nonblocking(false)?;
    send(
        &supervisor.control,
        &Report {
            end,
            lease_expired: supervisor.lease_expired,
        },
    )
}

fn later(time: Duration) -> Option<Instant> {
    Instant::now().checked_add(time)
}

struct Supervisor {
    control: UnixStream,
    signals: SignalFd,
    child: Child,
    tree: Tree,
    grace: Duration,
    received: Vec<u8>,
    kill_at: Option<Instant>,
    fence_at: Option<Instant>,
    lease_expired: bool,
    end: Option<End>,
}

impl Supervisor {
    /// Until the program has ended or the tree is to be killed.
    fn watch(&mut self) -> io::Result<()> {
        loop {
            self.reap();
            if self.end.is_some() {
                return Ok(());
            }
            let now = Instant::now();
            if self.fence_at.is_some_and(|at| at <= now) {
                self.lease_expired = true;
                return Ok(());
            }
            if self.kill_at.is_some_and(|at| at <= now) {
                return Ok(());
            }
            let until = [self.kill_at, self.fence_at].into_iter().flatten().min();
            let control = self.wait(until.map(|at| at - now), true)?;
            if control && !self.obey()? {
                return Ok(());
            }
        }
    }

    /// Kills what is left and reaps it.
    fn finish(&mut self) -> io::Result<()> {
        let limit = later(DEATH_LIMIT);
        while self.reap() {
            if limit.is_some_and(|limit| limit <= Instant::now()) {
                break;
            }
            self.tree.kill();
            self.wait(Some(KILL_PERIOD), false)?;
        }
        Ok(())
    }

    /// Waits for a child's end or, when asked, the executor. True when the executor said something.
    fn wait(&self, time: Option<Duration>, listen: bool) -> io::Result<bool> {
        // Rounded up: waking before the time would spin.
        let timeout = time.map_or(PollTimeout::NONE, |time| {
            let ms = i32::try_from(time.as_millis() + 1).unwrap_or(i32::MAX);
            PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX)
        });
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if listen {
            fds.push(PollFd::new(self.control.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let spoke = fds.get(1).is_some_and(|fd| fd.any().unwrap_or(false));
        while let Ok(Some(_)) = self.signals.read_signal() {}
        Ok(spoke)
    }

    /// Does what the executor says. False when the tree is to be killed now.
    fn obey(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 256];
        match self.control.read(&mut bytes) {
            Ok(0) => return Ok(false),
            Ok(count) => self.received.extend_from_slice(&bytes[..count]),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // The executor's side was closed with something unread: it is gone.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(false),
            Err(error) => return Err(error),
        }
        while let Some(order) = Order::take(&mut self.received) {
            match order {
                Order::Kill => return Ok(false),
                Order::Deadline(time) => self.fence_at = later(time),
                Order::Terminate if self.kill_at.is_none() => {
                    self.kill_at = later(self.grace);
                    self.tree.signal(Signal::SIGTERM);
                    // A stopped process would not hear it.
                    self.tree.signal(Signal::SIGCONT);
                }
                Order::Terminate => {}
            }
        }
        Ok(true)
    }

    /// Reaps every child that has ended, orphans that came to this process among them. True when
    /// children are left.
    fn reap(&mut self) -> bool {
        loop {
            // The program first, through the standard library: it also knows real-time signals.
            if self.end.is_none()
                && let Ok(Some(status)) = self.child.try_wait()
            {
                let signal = || End::Signalled(status.signal().unwrap_or_default());
                self.end = Some(status.code().map_or_else(signal, End::Exited));
            }
            let main = i32::try_from(self.child.id()).map(Pid::from_raw).ok();
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => return true,
                Ok(WaitStatus::Exited(pid, code)) if Some(pid) == main => {
                    self.end.get_or_insert(End::Exited(code));
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) if Some(pid) == main => {
                    self.end.get_or_insert(End::Signalled(signal as i32));
                }
                Err(nix::Error::ECHILD) => return false,
                // Others of the tree; `EINVAL` is one that died of a real-time signal.
                Ok(_) | Err(_) => {}
            }
        }
    }
}
