//! The executor's side of the process that forks its shims.

use std::{
    ffi::OsString,
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::{
    process::{Outputs, PendingShim, Process},
    shim::{FORK_SERVER, Spec},
};

/// Starts shims. The process behind it is started with the first one, and again when it is gone.
#[derive(Debug)]
pub struct ForkServer {
    /// The argv of a shim.
    shim: Vec<OsString>,
    running: Mutex<Option<ServerProcess>>,
}

#[derive(Debug)]
struct ServerProcess {
    socket: UnixStream,
    child: Child,
}

impl ForkServer {
    /// One that has not begun yet.
    #[must_use]
    pub fn new(shim: Vec<OsString>) -> Self {
        Self {
            shim,
            running: Mutex::new(None),
        }
    }

    /// Starts a shim and has it run `spec`.
    ///
    /// # Errors
    /// When no shim can be started, neither so nor by itself.
    pub async fn start(&self, spec: &Spec) -> io::Result<(Process, Outputs)> {
        let (pending, streams) = PendingShim::new()?;
        let sent = self.send(&streams);
        drop(streams);
        match sent {
            Ok(()) => pending.run(spec, None).await,
            Err(error) => {
                tracing::debug!(%error, "a shim is started by itself");
                Process::start(&self.shim, spec).await
            }
        }
    }

    /// The id of the process, if there is one.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().map(|running| running.child.id())
    }

    fn send(&self, streams: &[OwnedFd; 3]) -> io::Result<()> {
        let mut place = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &mut *place {
            if running.child.try_wait()?.is_none() {
                match send(&running.socket, streams) {
                    Ok(()) => return Ok(()),
                    // It is busy with others, which it must not be ended for.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                    Err(_) => {}
                }
            }
            *place = None;
        }
        let running = place.insert(ServerProcess::start(&self.shim)?);
        send(&running.socket, streams)
    }
}

impl ServerProcess {
    fn start(shim: &[OsString]) -> io::Result<Self> {
        let (program, arguments) = shim
            .split_first()
            .ok_or_else(|| io::Error::other("no shim is set"))?;
        let (socket, theirs) = UnixStream::pair()?;
        // One that hangs must not hold up the executor.
        socket.set_nonblocking(true)?;
        let child = Command::new(program)
            .args(arguments)
            .arg(FORK_SERVER)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { socket, child })
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Its shims are processes of their own: each lives as long as its own socket.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send(socket: &UnixStream, streams: &[OwnedFd; 3]) -> io::Result<()> {
    let streams = streams.each_ref().map(AsFd::as_fd);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&streams)) {
        return Err(io::Error::other("there is no room for the streams"));
    }
    let sent = sendmsg(
        socket,
        &[IoSlice::new(&[1])],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )?;
    if sent == 1 {
        Ok(())
    } else {
        Err(io::Error::other("nothing was sent"))
    }
}
