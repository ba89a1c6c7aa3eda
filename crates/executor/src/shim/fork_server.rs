//! A process that forks a shim whenever the executor wants one. It was started once: a large program takes
//! longer to start than to fork.

use std::{
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::wait::{WaitPidFlag, WaitStatus, waitpid},
    unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, setpgid},
};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::{End, confine, namespaces, report};

/// What a shim is given: its control socket, and where the program's output goes.
const STREAMS: usize = 3;

/// Serves until the executor is gone. True in each shim that was forked, whose standard streams are those that
/// the executor sent; false at the end.
pub(super) fn serve() -> io::Result<bool> {
    confine::hold_signals()?;
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let children = confine::child_signals()?;
    loop {
        let mut ready = [
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(children.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let wanted = ready[0].any().unwrap_or(false);
        while let Ok(Some(_)) = children.read_signal() {}
        reap();
        if !wanted {
            continue;
        }
        let Some(streams) = receive(&socket)? else {
            return Ok(false);
        };
        match namespaces::fork() {
            Ok(Some(_)) => {}
            Ok(None) => {
                // Ctrl-C in a terminal is for the executor: it drains.
                setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
                let [control, out, err] = streams;
                dup2_stdin(control)?;
                dup2_stdout(out)?;
                dup2_stderr(err)?;
                return Ok(true);
            }
            Err(error) => {
                let [control, ..] = streams;
                let reason = format!("no process can be made: {error}");
                report(&UnixStream::from(control), End::NotPrepared(reason))?;
            }
        }
    }
}

/// Lets go of shims that have ended.
fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
}

/// The descriptors of the next shim; none when the executor is gone.
fn receive(socket: &UnixStream) -> io::Result<Option<[OwnedFd; STREAMS]>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(STREAMS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut bytes = [IoSliceMut::new(&mut byte)];
    let received = loop {
        match recvmsg(socket, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            received => break received?,
        }
    };
    let mut streams = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            streams.extend(descriptors);
        }
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, "a shim needs three streams");
    streams.try_into().map(Some).map_err(wrong)
}
