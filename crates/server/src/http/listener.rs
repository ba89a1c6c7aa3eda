//! Accepts connections and serves HTTP/1.1 on them.

use std::{io, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{
    connection::Connection,
    connections::{Connections, Seat},
};

/// How long to wait when the process has no more file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) router: Router,
    pub(crate) connections: Connections,
    /// So many at once, at most.
    pub(crate) most: usize,
    /// A request's head must be there within this time, and a connection on which nothing is asked for so long
    /// ends.
    pub(crate) head_timeout: Duration,
    /// No others are taken in; those on which nothing is asked end.
    pub(crate) closing: CancellationToken,
}

/// Serves connections until it is closing, and then what was asked.
pub(crate) async fn serve(listener: TcpListener, serving: Serving) {
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = serving.closing.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let seat = serving.connections.enter(peer, serving.most);
                tasks.spawn(serving.clone().connection(stream, seat));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

impl Serving {
    async fn connection(self, stream: TcpStream, seat: Seat) {
        // Answers are small: waiting to fill a packet costs 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let Self {
            router,
            head_timeout,
            closing,
            ..
        } = self;
        let link = seat.link.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(link.peer));
            request.extensions_mut().insert(link.clone());
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
            .serve_connection(TokioIo::new(Connection::new(stream, seat)), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

/// Whether it is an error of the connection that was to be accepted, not of the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
