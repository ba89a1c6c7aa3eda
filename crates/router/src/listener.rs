//! Accepts connections and serves HTTP/1.1 on them.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::{
    deadline::HeadTimer,
    lifecycle::Lifecycle,
    lingering::Lingering,
    proxy::{ClientConnection, Proxy},
    socket,
};

/// How long a TLS handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How much of a connection is read ahead at most.
const READ_BUFFER: usize = 128 * 1024;
/// How long to wait when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all listeners and connections share.
#[derive(Clone)]
pub(crate) struct Acceptor {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) connections: Arc<Semaphore>,
}

impl Acceptor {
    /// Accepts until the router closes.
    pub(crate) async fn accept(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        while let Some(permit) = self.permit().await {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.lifecycle().closing.cancelled() => return,
            };
            match accepted {
                Ok((stream, address)) => {
                    let (acceptor, tls) = (self.clone(), tls.clone());
                    self.lifecycle().tasks.spawn(async move {
                        let connection = pin!(acceptor.connection(stream, address, tls));
                        let cut = &acceptor.lifecycle().cut;
                        acceptor.lifecycle().run_until(cut, connection).await;
                        drop(permit);
                    });
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    warn!(%error, "failed to accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn lifecycle(&self) -> &Lifecycle {
        &self.proxy.lifecycle
    }

    async fn permit(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.connections).acquire_owned();
        tokio::select! {
            permit = permit => permit.ok(),
            () = self.lifecycle().closing.cancelled() => None,
        }
    }

    async fn connection(&self, stream: TcpStream, address: SocketAddr, tls: Option<TlsAcceptor>) {
        socket::prepare(&stream);
        let caller = ClientConnection::new(address, tls.is_some());
        match tls {
            None => self.serve(stream, caller).await,
            Some(tls) => match timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream, caller).await,
                Ok(Err(error)) => debug!(%address, %error, "a TLS handshake failed"),
                Err(_) => debug!(%address, "a TLS handshake took too long"),
            },
        }
    }

    async fn serve<S>(&self, stream: S, caller: ClientConnection)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let proxy = Arc::clone(&self.proxy);
        let stream = Lingering::new(stream, caller.unread.clone());
        let caller = Arc::new(caller);
        let service = service_fn(move |request| {
            let answer = Arc::clone(&proxy).respond(request, Arc::clone(&caller));
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let settings = &self.proxy.settings;
        let connection = http1::Builder::new()
            .timer(HeadTimer::new(settings.header_timeout))
            .header_read_timeout(settings.header_timeout)
            .max_header_size(settings.header_limit)
            .max_buf_size(READ_BUFFER.max(settings.header_limit))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let closing = &self.lifecycle().closing;
        let ended = self.lifecycle().run_until(closing, connection.as_mut());
        let ended = match ended.await {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(%error, "a connection broke");
        }
    }
}

/// True for errors of the connection that was to be accepted, not of the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
