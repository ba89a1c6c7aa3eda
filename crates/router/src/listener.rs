//! Accepts connections and serves HTTP/1.1 on them.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::{
    lifecycle::Lifecycle,
    proxy::{Caller, Proxy},
    socket,
};

/// How long a TLS handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
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
                        acceptor
                            .cut(acceptor.connection(stream, address, tls))
                            .await;
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

    async fn cut(&self, connection: impl Future<Output = ()>) {
        tokio::select! {
            () = connection => {}
            () = self.lifecycle().cut.cancelled() => {}
        }
    }

    async fn connection(&self, stream: TcpStream, address: SocketAddr, tls: Option<TlsAcceptor>) {
        socket::prepare(&stream);
        let caller = Caller {
            address,
            secure: tls.is_some(),
        };
        match tls {
            None => self.serve(stream, caller).await,
            Some(tls) => match timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream, caller).await,
                Ok(Err(error)) => debug!(%address, %error, "a TLS handshake failed"),
                Err(_) => debug!(%address, "a TLS handshake took too long"),
            },
        }
    }

    async fn serve<S>(&self, stream: S, caller: Caller)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let proxy = Arc::clone(&self.proxy);
        let service = service_fn(move |request| {
            let proxy = Arc::clone(&proxy);
            async move { Ok::<_, std::convert::Infallible>(proxy.respond(request, caller).await) }
        });
        let settings = &self.proxy.settings;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(settings.header_timeout)
            .max_buf_size(settings.header_limit.max(8192))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.lifecycle().closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(address = %caller.address, %error, "a connection broke");
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
