//! Connections that the server can cut off from inside: a peer that takes nothing any more holds
//! its connection, and what is to be written to it, for as long as it likes otherwise.

use std::{
    io::{self, ErrorKind, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::{
        ConnectInfo, Request,
        connect_info::{Connected, IntoMakeServiceWithConnectInfo},
    },
    middleware,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// What a request knows of its connection.
#[derive(Clone)]
pub(crate) struct Link {
    peer: SocketAddr,
    cut: CancellationToken,
}

impl Link {
    /// Ends the connection, whatever is still to be written.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }
}

/// Listens for connections that can be cut off.
pub(crate) struct Connections(pub(crate) TcpListener);

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Answers are small: waiting to fill a packet costs 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        (Connection::new(stream, peer), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection.
pub(crate) struct Connection {
    stream: TcpStream,
    link: Link,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Connection {
    fn new(stream: TcpStream, peer: SocketAddr) -> Self {
        let cut = CancellationToken::new();
        Self {
            stream,
            cut: Box::pin(cut.clone().cancelled_owned()),
            link: Link { peer, cut },
        }
    }

    /// A write that would wait ends when the connection is cut off.
    fn or_cut<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_pending() && self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        written
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_cut(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.or_cut(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected<IncomingStream<'_, Connections>> for Link {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        stream.io().link.clone()
    }
}

/// The router for [`Connections`]: each request knows its [`Link`] and its peer's address.
pub(crate) fn service(router: Router) -> IntoMakeServiceWithConnectInfo<Router, Link> {
    router
        .layer(middleware::map_request(introduce))
        .into_make_service_with_connect_info::<Link>()
}

async fn introduce(mut request: Request) -> Request {
    let link = request.extensions_mut().remove::<ConnectInfo<Link>>();
    if let Some(ConnectInfo(link)) = link {
        request.extensions_mut().insert(ConnectInfo(link.peer));
        request.extensions_mut().insert(link);
    }
    request
}
