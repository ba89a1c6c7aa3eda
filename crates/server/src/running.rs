//! A server from its start to its end.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use axum::{Router, serve::ListenerExt};
use store::{Location, Store};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;
use wire::client::Client;

use crate::{
    Settings, app::App, clock::Clock, guard::Hosts, lock, loops, metrics::Metrics,
    programs::Programs, router, transport::InProcess,
};

/// Name of the embedded database in the data directory.
const DATABASE: &str = "playhouse.db";

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another server has the data directory.
    #[error("another server is running on the data directory {0}")]
    Locked(String),
    /// The address is not loopback, and there are no keys.
    #[error("refusing to listen on {0}: without keys the server serves loopback only")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The data directory cannot be used.
    #[error("the data directory {0} cannot be used: {1}")]
    DataDir(String, io::Error),
    /// A lease that is too short, or a scan that is too rare, would break the promise of recovery.
    #[error("{0}")]
    Setting(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The listener failed.
    #[error("the server stopped: {0}")]
    Serve(String),
}

/// A server that answers.
pub struct Running {
    app: App,
    router: Router,
    address: SocketAddr,
    serving: JoinHandle<io::Result<()>>,
    accepting: CancellationToken,
    loops: JoinSet<()>,
    _lock: lock::DataDirLock,
}

/// Starts a server. When this returns, it answers.
///
/// # Errors
/// See [`Error`].
pub async fn start(settings: Settings) -> Result<Running, Error> {
    check(&settings)?;
    let data_dir = settings.data_dir.clone();
    let unusable = |error| Error::DataDir(data_dir.display().to_string(), error);
    std::fs::create_dir_all(&data_dir).map_err(unusable)?;
    let lock = lock::take(&data_dir)
        .map_err(unusable)?
        .ok_or_else(|| Error::Locked(data_dir.display().to_string()))?;
    let programs =
        Programs::open(data_dir.join("binaries"), settings.upload_limit_bytes).map_err(unusable)?;
    let location = match &settings.database_url {
        Some(url) => Location::Postgres(url.clone()),
        None => Location::Sqlite(data_dir.join(DATABASE)),
    };
    // Opening may run migrations, and connects on this thread.
    let store = tokio::task::spawn_blocking(move || Store::open(&location, rand::random()))
        .await
        .map_err(|error| Error::Serve(error.to_string()))??;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| Error::Listen(settings.listen, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| Error::Listen(settings.listen, error))?;
    let public_url = match &settings.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    };
    let hosts = Hosts::new(&public_url, &settings.allowed_hosts);
    let app = App {
        store,
        clock: Clock::system(),
        settings: Arc::new(settings),
        public_url: public_url.into(),
        programs,
        metrics: Metrics::new(),
        stopping: CancellationToken::new(),
    };
    let router = router::router(app.clone(), hosts);
    let accepting = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, router.clone(), accepting.clone()));
    let loops = loops::start(&app);
    Ok(Running {
        app,
        router,
        address,
        serving,
        accepting,
        loops,
        _lock: lock,
    })
}

async fn serve(
    listener: TcpListener,
    router: Router,
    accepting: CancellationToken,
) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // Answers are small: waiting to fill a packet costs 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let service = router.into_make_service_with_connect_info::<Peer>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move { accepting.cancelled().await })
        .await
}

/// The address of a connection, as `axum` hands it out.
type Peer = SocketAddr;

fn check(settings: &Settings) -> Result<(), Error> {
    if !settings.listen.ip().is_loopback() {
        return Err(Error::NotLoopback(settings.listen));
    }
    if settings.lease.as_millis() < 1_000 {
        return Err(Error::Setting("the lease must be at least one second"));
    }
    if settings.scan.is_zero() || settings.scan.as_secs() > 5 {
        return Err(Error::Setting(
            "the scan must be more than zero and at most five seconds",
        ));
    }
    Ok(())
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where clients reach it.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.app.public_url
    }

    /// A client of this server in its own process: the same router, no TCP.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(InProcess::new(self.router.clone()))
    }

    /// Returns when the listener has failed; otherwise never.
    pub async fn failed(&mut self) -> Error {
        match (&mut self.serving).await {
            Ok(Ok(())) => Error::Serve("the listener ended".to_owned()),
            Ok(Err(error)) => Error::Serve(error.to_string()),
            Err(error) => Error::Serve(error.to_string()),
        }
    }

    /// Ends calls that wait, answers those under way, and writes everything that was handed over.
    pub async fn stop(mut self) {
        self.app.stopping.cancel();
        self.accepting.cancel();
        let grace = std::time::Duration::from_secs(10);
        if tokio::time::timeout(grace, &mut self.serving)
            .await
            .is_err()
        {
            tracing::warn!("some calls did not end in time and were cut off");
            self.serving.abort();
        }
        while self.loops.join_next().await.is_some() {}
        let store = self.app.store.clone();
        drop((self.app, self.router));
        // The last clone joins the store's threads.
        let joined = tokio::task::spawn_blocking(move || drop(store)).await;
        if let Err(error) = joined {
            tracing::error!(%error, "the store did not close");
        }
    }
}

/// Copies the database of a data directory to `to`, also while a server runs on it.
///
/// # Errors
/// When there is no embedded database, or the copy cannot be written.
pub fn backup(data_dir: &Path, to: &Path) -> Result<(), Error> {
    let from = data_dir.join(DATABASE);
    let unusable = |path: &Path, error| Error::DataDir(path.display().to_string(), error);
    if !from.exists() {
        return Err(unusable(
            data_dir,
            io::Error::new(io::ErrorKind::NotFound, "no database"),
        ));
    }
    if to.exists() {
        return Err(unusable(
            to,
            io::Error::new(io::ErrorKind::AlreadyExists, "it exists"),
        ));
    }
    Ok(store::backup(&from, to)?)
}
