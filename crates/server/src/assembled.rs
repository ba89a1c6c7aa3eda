//! A server that is put together but does not listen and has no loops: what [`crate::start`] brings
//! to life, and what tests and simulations drive by hand.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::LazyLock,
    time::Duration,
};

use axum::Router;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wire::client::Client;

use crate::{
    Clock, Error, Settings,
    access::{FailedAuthLimiter, Keys, OperatorToken},
    app::{App, Parts},
    audit::Refusals,
    blobs::Blobs,
    database::{self, Database},
    disk::Disk,
    executions::Headers,
    http::budget::Budget,
    http::cors,
    http::hosts::Hosts,
    http::transport::InProcess,
    library::Library,
    live::{Frames, Rendered, Sizes, Tail},
    lock::{self, DataDirLock},
    loops,
    metrics::Metrics,
    outbound::{self, SsrfFilter},
    plugin_directory::Remembered,
    readiness::Readiness,
    router::{self, openapi_json},
    runs::claim::NothingPlaced,
    vault::Vault,
};

/// The folder of playbooks in the data directory.
const LIBRARY: &str = "playbooks";
/// The master key of the vault in the data directory.
const VAULT_KEY: &str = "vault.key";

/// The parts of a server.
pub struct Assembled {
    pub(crate) app: App,
    pub(crate) router: Router,
}

impl Assembled {
    /// Opens the data directory and the database.
    pub async fn open(settings: Settings, clock: Clock) -> Result<Self, Error> {
        let lock = lock(&settings)?;
        Self::open_locked(settings, clock, lock).await
    }

    /// Opens a data directory that is locked already.
    pub(crate) async fn open_locked(
        settings: Settings,
        clock: Clock,
        lock: DataDirLock,
    ) -> Result<Self, Error> {
        let data_dir = settings.data_dir.clone();
        let blobs = Blobs::open(&settings).map_err(Error::Blobs)?;
        let library = settings.library.clone();
        let library = library.unwrap_or_else(|| data_dir.join(LIBRARY));
        let library = Library::open(&library).map_err(|error| unusable(&library, error))?;
        let database = Database::new(&data_dir, settings.database_url.as_deref());
        let store = database.open(clock.now_ms()).await?;
        let key_file = data_dir.join(VAULT_KEY);
        let vault = Vault::open(&settings, &key_file, &store).await?;
        let keys = Keys::new();
        let no_keys = !keys.any(&store).await?;
        if !is_private(&settings) && no_keys {
            return Err(Error::NotLoopback(settings.listen));
        }
        let operator = OperatorToken::make(&data_dir, settings.listen, no_keys);
        let operator = operator.map_err(|error| unusable(&data_dir, error))?;
        let public_url = match &settings.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", settings.listen),
        };
        let ssrf_filter = SsrfFilter::new(&settings.allowed_outbound);
        let outbound = outbound::Client::new(&ssrf_filter).map_err(Error::Serve)?;
        let budget = Budget::new(settings.request_memory_bytes);
        let hosts = Hosts::new(&public_url, &settings.allowed_hosts, &settings.cors_origins);
        let disk = Disk::new(data_dir, settings.free_space);
        let metrics = Metrics::new(&store);
        let tail = Tail::start(&store, Sizes::default());
        store.set_aging_step_ms(crate::clock::millis(settings.class_bound));
        let app = App::new(Parts {
            store,
            started_at_ms: clock.now_ms(),
            clock,
            library,
            vault,
            openapi: LazyLock::new(openapi_json),
            readiness: Readiness::new(settings.expected_executor.as_deref()),
            settings,
            public_url,
            hosts,
            blobs,
            disk,
            metrics,
            budget,
            tail,
            updates: Rendered::default(),
            executions: Headers::default(),
            frames: Frames::default(),
            ssrf_filter,
            outbound,
            keys,
            operator,
            plugins: Remembered::default(),
            nothing_placed: NothingPlaced::default(),
            refusals: Refusals::default(),
            failed_auth: FailedAuthLimiter::default(),
            outbox: Notify::new(),
            schedules: Notify::new(),
            stopping: CancellationToken::new(),
            draining: CancellationToken::new(),
            _lock: lock,
        });
        let router = router::router(app.clone());
        Ok(Self { app, router })
    }

    /// A client of this server in its own process: the same router, no TCP.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(InProcess::new(self.router.clone()))
    }

    /// The routes, for requests that are made by hand.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Takes away leases that have expired; answers how many.
    pub async fn reap(&self) -> Result<usize, Error> {
        Ok(loops::reaper::tick(&self.app).await?)
    }

    /// Makes scheduled runs ready that are due; answers when the next is, epoch milliseconds.
    pub async fn schedule(&self) -> Result<Option<i64>, Error> {
        Ok(loops::scheduler::tick(&self.app).await?)
    }

    /// Starts what schedules start that is due; answers when the next is, epoch milliseconds.
    pub async fn start_scheduled(&self) -> Result<Option<i64>, Error> {
        Ok(loops::schedules::tick(&self.app).await?)
    }

    /// Hears which keys were made and revoked elsewhere, and notes which were used.
    pub async fn look_at_keys(&self) -> Result<(), Error> {
        Ok(loops::keys::tick(&self.app).await?)
    }

    /// Writes down which requests were refused; answers how many lines that made.
    pub async fn write_refusals(&self) -> Result<usize, Error> {
        Ok(loops::audit::tick(&self.app).await?)
    }

    /// Sends to hooks what is due, until nothing is; answers how many attempts were made.
    pub async fn deliver(&self) -> Result<usize, Error> {
        Ok(loops::outbox::tick(&self.app).await?)
    }

    /// Warns of playgrounds whose time is over soon, and starts what ends those whose time is over and jobs that
    /// are done; answers how many operations it started.
    pub async fn end_playgrounds(&self) -> Result<usize, Error> {
        Ok(loops::playgrounds::tick(&self.app).await?.len())
    }

    /// Deletes what is too old; answers how many runs.
    pub async fn retain(&self) -> Result<u64, Error> {
        let mut deleted = 0;
        loop {
            let tick = loops::retention::tick(&self.app).await?;
            deleted += tick.deleted;
            if !tick.more {
                return Ok(deleted);
            }
        }
    }
}

/// Checks the settings, and takes the lock of the data directory, which is made if need be.
pub(crate) fn lock(settings: &Settings) -> Result<DataDirLock, Error> {
    check(settings)?;
    let data_dir = &settings.data_dir;
    make_data_dir(data_dir)?;
    lock::take(data_dir)
        .map_err(|error| unusable(data_dir, error))?
        .ok_or_else(|| Error::Locked(data_dir.display().to_string()))
}

/// Makes the data directory if need be. Only its owner may read what jobs are given and print: one that others
/// may enter is closed to them.
pub(crate) fn make_data_dir(data_dir: &Path) -> Result<(), Error> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir);
    made.map_err(|error| unusable(data_dir, error))?;
    let found = fs::metadata(data_dir).map_err(|error| unusable(data_dir, error))?;
    if found.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let closed = fs::set_permissions(data_dir, Permissions::from_mode(0o700));
    closed.map_err(|_| Error::OpenToOthers(data_dir.display().to_string()))?;
    tracing::info!(data_dir = %data_dir.display(), "others could enter the data directory; it is closed now");
    Ok(())
}

/// Whether only this machine can reach the server.
fn is_private(settings: &Settings) -> bool {
    settings.listen.ip().to_canonical().is_loopback()
}

fn check(settings: &Settings) -> Result<(), Error> {
    let no_database =
        settings.database_url.is_none() && !settings.data_dir.join(database::FILE).exists();
    // Where there is no database there is no key; otherwise the keys are looked for later.
    if !is_private(settings) && no_database {
        return Err(Error::NotLoopback(settings.listen));
    }
    if settings.listen.ip().is_unspecified() && settings.public_url.is_none() {
        return Err(Error::Setting(
            "a server that listens on every address needs a public URL: the name or address that \
             executors and people reach it at",
        ));
    }
    if settings.lease < Duration::from_secs(1) {
        return Err(Error::Setting("the lease must be at least one second"));
    }
    if settings.request_memory_bytes < 1 << 20 {
        return Err(Error::Setting(
            "the memory for requests must be at least one MiB",
        ));
    }
    let mut origins = settings.cors_origins.iter();
    if origins.any(|one| cors::origin(one).as_ref() != Some(one)) {
        return Err(Error::Setting(
            "a site whose pages may ask is named by its origin, such as https://console.example: scheme, \
             host and, if it is not the scheme's own, port",
        ));
    }
    if settings.scan.is_zero() || settings.scan > Duration::from_secs(5) {
        return Err(Error::Setting(
            "the scan must be more than zero and at most five seconds",
        ));
    }
    Ok(())
}

/// Copies the database of a data directory to `to`, also while a server runs on it.
///
/// # Errors
/// When there is no embedded database, or the copy cannot be written.
pub fn backup(data_dir: &Path, to: &Path) -> Result<(), Error> {
    let from = data_dir.join(database::FILE);
    if !from.exists() {
        let error = std::io::Error::new(std::io::ErrorKind::NotFound, "no database");
        return Err(unusable(data_dir, error));
    }
    // Made here, so that it is as private as the data directory and replaces nothing.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| Error::Copy(to.display().to_string(), error))?;
    store::backup(&from, to).map_err(|error| {
        // Half a copy must not be taken for one.
        if let Err(error) = fs::remove_file(to) {
            tracing::warn!(%error, "an unfinished copy could not be deleted");
        }
        error.into()
    })
}

fn unusable(path: &Path, error: std::io::Error) -> Error {
    Error::DataDir(path.display().to_string(), error)
}
