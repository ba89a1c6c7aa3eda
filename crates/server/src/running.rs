//! A server from its start to its end.

use std::{io, net::SocketAddr};

use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;
use wire::{client::Client, trace::Spans};

use crate::{
    Assembled, Clock, Settings, VaultError,
    access::{Purpose, Ticket},
    assembled,
    http::listener::{self, Serving},
    loops,
    traces::Traces,
};

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another server has the data directory.
    #[error("another server is running on the data directory {0}")]
    Locked(String),
    /// The address is not loopback, and there are no keys.
    #[error("refusing to listen on {0}: without keys the server serves its own machine only")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The data directory cannot be used.
    #[error("the data directory {0} cannot be used: {1}")]
    DataDir(String, io::Error),
    /// Others can read the data directory, and it is not ours to close.
    #[error(
        "others can enter the data directory {0}, and it cannot be closed: run `chmod 700 {0}` as its owner"
    )]
    OpenToOthers(String),
    /// The blobs cannot be kept where the settings say.
    #[error("the blobs cannot be used: {0}")]
    Blobs(String),
    /// The vault cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// There is no database in the data directory.
    #[error("there is no database in {0}: no server has used this directory")]
    NoDatabase(String),
    /// The copy of the database cannot be written.
    #[error("the copy {0} cannot be written: {1}")]
    Copy(String, io::Error),
    /// A lease that is too short, or a scan that is too rare, would break the promise of recovery.
    #[error("{0}")]
    Setting(&'static str),
    /// What is asked of the audit is wrong.
    #[error("{0}")]
    Audit(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The listener failed.
    #[error("the server stopped: {0}")]
    Serve(String),
}

/// A server that answers.
pub struct Running {
    assembled: Assembled,
    address: SocketAddr,
    /// `None` once its end was told.
    serving: Option<JoinHandle<()>>,
    accepting: CancellationToken,
    loops: JoinSet<()>,
    traces: Traces,
}

/// Starts a server. When this returns, it answers.
pub async fn start(settings: Settings) -> Result<Running, Error> {
    // The lock first: a second start fails because of the directory, not the address. Then the
    // address: with port 0 the public URL is known only then.
    let lock = assembled::lock(&settings)?;
    let listen = settings.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Error::Listen(listen, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| Error::Listen(listen, error))?;
    let settings = Settings {
        listen: address,
        ..settings
    };
    let assembled = Assembled::open_locked(settings, Clock::system(), lock).await?;
    let accepting = CancellationToken::new();
    // Before anything can end a run.
    let traces = Traces::start(&assembled.app);
    let app = &assembled.app;
    let serving = Serving {
        router: assembled.router(),
        connections: app.metrics.connections().clone(),
        most: app.settings.max_connections,
        head_timeout: app.settings.head_timeout,
        closing: accepting.clone(),
    };
    let serving = tokio::spawn(listener::serve(listener, serving));
    let loops = loops::start(&assembled.app);
    Ok(Running {
        assembled,
        address,
        serving: Some(serving),
        accepting,
        loops,
        traces,
    })
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
        &self.assembled.app.public_url
    }

    /// A new setup token while there are no keys, `None` otherwise. It makes the first key, once and
    /// within a day; the first of several that is used makes it, and the others make none.
    pub async fn setup_token(&self) -> Result<Option<String>, Error> {
        let app = &self.assembled.app;
        if app.keys.any(&app.store).await? {
            return Ok(None);
        }
        let ticket = Ticket::issue(&app.store, Purpose::Setup, "", app.now_ms()).await?;
        Ok(Some(ticket.secret.reveal()))
    }

    /// Whether callers on this machine may do everything while there are no keys. When the operator names
    /// another host, a proxy of this machine may pass on what comes from anywhere, and no caller may.
    #[must_use]
    pub fn trusts_its_machine(&self) -> bool {
        self.assembled.app.hosts.are_loopback()
    }

    /// A client of this server in its own process: the same router, no TCP.
    #[must_use]
    pub fn client(&self) -> Client {
        self.assembled.client()
    }

    /// Where traces of its runs go.
    #[must_use]
    pub fn spans(&self) -> Spans {
        self.assembled.app.settings.spans.clone()
    }

    /// Returns when the listener or a loop has failed; otherwise never.
    pub async fn failed(&mut self) -> Error {
        let Some(serving) = &mut self.serving else {
            return Error::Serve("the listener ended before".to_owned());
        };
        let result = tokio::select! {
            result = serving => result,
            // Without its reaper, for one, a server that answers would forget what it promised.
            Some(ended) = self.loops.join_next() => {
                let why = ended.err().map_or_else(String::new, |error| format!(": {error}"));
                return Error::Serve(format!("one of its loops ended{why}"));
            }
        };
        self.serving = None;
        match result {
            Ok(()) => Error::Serve("the listener ended".to_owned()),
            Err(error) => Error::Serve(error.to_string()),
        }
    }

    /// Reports that it is not ready, because it is about to stop, and goes on answering.
    pub fn drain(&self) {
        self.assembled.app.draining.cancel();
    }

    /// Ends calls that wait, answers those under way, and writes everything that was handed over.
    pub async fn stop(mut self) {
        self.assembled.app.stopping.cancel();
        self.accepting.cancel();
        let grace = std::time::Duration::from_secs(10);
        if let Some(mut serving) = self.serving.take()
            && tokio::time::timeout(grace, &mut serving).await.is_err()
        {
            tracing::warn!("some calls did not end in time and were cut off");
            serving.abort();
        }
        // Sockets are no calls any more: the listener does not wait for them.
        let readers = self.assembled.app.metrics.readers();
        if tokio::time::timeout(grace, readers.gone()).await.is_err() {
            tracing::warn!("some readers did not end in time");
        }
        while self.loops.join_next().await.is_some() {}
        self.traces.stop().await;
        let Assembled { app, router } = self.assembled;
        drop(router);
        // The last clone joins the store's threads; the lock goes after the data is on disk.
        let joined = tokio::task::spawn_blocking(move || {
            app.settings.spans.stop();
            drop(app);
        })
        .await;
        if let Err(error) = joined {
            tracing::error!(%error, "the store did not close");
        }
    }
}
