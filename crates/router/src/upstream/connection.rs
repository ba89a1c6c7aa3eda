//! A connection to a target. It has no task of its own: the exchange, and then the response body, drives it, so
//! that a request costs no switch between tasks.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::UploadBody;
use crate::{deadline::Deadline, socket};

/// A connection on which one exchange at a time can run.
pub(crate) struct UpstreamConnection {
    pub(super) sender: SendRequest<UploadBody>,
    pub(super) driver: Driver,
    /// For the exchange that runs.
    pub(super) deadline: Deadline,
    /// It has served a request, so the application may be about to close it.
    pub(crate) reused: bool,
}

/// What makes progress on a connection.
pub(super) struct Driver {
    connection: Connection<TokioIo<TcpStream>, UploadBody>,
    done: bool,
}

impl UpstreamConnection {
    /// Connects to a target.
    pub(crate) async fn open(address: SocketAddr, limit: Duration) -> io::Result<Box<Self>> {
        let stream = timeout(limit, TcpStream::connect(address))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        socket::prepare(&stream);
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let connection = Box::new(Self {
            sender,
            driver: Driver {
                connection,
                done: false,
            },
            deadline: Deadline::after(limit),
            reused: false,
        });
        Ok(connection)
    }

    /// True if a request can be sent. Notices if the target has closed the connection. Nothing is woken later: what
    /// follows drives the connection again.
    pub(crate) fn is_ready(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.driver.poll(&mut cx).is_pending() && self.sender.is_ready()
    }

    /// Drives the exchange to its end, for those that have no body which does it.
    pub(crate) async fn run(&mut self) {
        poll_fn(|cx| self.driver.poll(cx)).await;
    }

    /// The socket after an upgrade, and what was read of it already.
    pub(crate) fn into_socket(self) -> (TcpStream, Bytes) {
        let parts = self.driver.connection.into_parts();
        (parts.io.into_inner(), parts.read_buf)
    }
}

impl Driver {
    /// Makes progress. Ready, from then on, when the connection is closed, broken or upgraded; what that
    /// means shows on the response and its body.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.done = self.done || self.connection.poll_without_shutdown(cx).is_ready();
        if self.done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
