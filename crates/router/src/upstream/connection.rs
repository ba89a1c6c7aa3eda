//! A connection to a target. It has no task of its own: whoever has the connection drives it, so that a request
//! costs no switch between tasks.

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
use crate::socket;

/// A connection on which one exchange at a time can run.
pub(crate) struct UpstreamConnection {
    pub(super) sender: SendRequest<UploadBody>,
    pub(super) driver: Driver,
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
    pub(crate) async fn open(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        let stream = timeout(limit, TcpStream::connect(address))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        socket::prepare(&stream);
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let mut connection = Self {
            sender,
            driver: Driver {
                connection,
                done: false,
            },
            reused: false,
        };
        connection.is_ready().await;
        Ok(connection)
    }

    /// True if a request can be sent. Notices if the target has closed the connection.
    pub(crate) async fn is_ready(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll_is_ready(cx))).await
    }

    /// The same at the end of an exchange, where nobody waits.
    pub(super) fn is_ready_again(&mut self) -> bool {
        self.reused = true;
        self.poll_is_ready(&mut Context::from_waker(Waker::noop()))
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

    fn poll_is_ready(&mut self, cx: &mut Context<'_>) -> bool {
        self.driver.poll(cx).is_pending() && self.sender.is_ready()
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
