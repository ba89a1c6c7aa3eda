//! Claims runs and performs them. Never sees the store.

mod addresses;
mod agent;
mod attempt;
mod backoff;
pub mod binaries;
mod browsers;
mod cgroup;
mod directory;
mod doctor;
mod fork_server;
mod isolation;
mod job_ids;
mod lease;
pub mod output;
mod playrooms;
mod plugin_registry;
mod probe;
pub mod process;
mod recording;
pub mod redactor;
mod settings;
pub mod shim;

pub use addresses::{AddressFilter, FetchRule};
pub use attempt::plugins::Isolated;
pub use browsers::chromium_readiness;
pub use docker::git::GitPolicy;
pub use job_ids::JobIdRange;
pub use playrooms::{DockerReadiness, docker_readiness};
pub use probe::{Finding, Support, probe};
pub use recording::{RecordOptions, RecordedStep, record};
pub use settings::{
    AllowedPath, DockerHost, Isolation, Plugins, RouterHttps, Settings, ShippedPlugin,
};
pub use tokio_util::sync::CancellationToken;
use wire::client::Client;

/// Why an executor could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A directory of the executor cannot be used.
    #[error("{what}: {source}")]
    Directory {
        /// Which directory, and what was tried.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The settings contradict themselves.
    #[error("{0}")]
    Settings(String),
    /// A task of the executor ended before it was to.
    #[error("a part of the executor broke off: {0}")]
    BrokenOff(String),
    /// The server refused this executor.
    #[error("the server refused the executor: {0}")]
    Refused(#[from] wire::client::Error),
}

/// Runs an executor until `stop` is cancelled and everything it runs has ended (a drain).
///
/// While the server is away it keeps trying.
///
/// # Errors
/// See [`Error`]; a job's failure is not one.
pub async fn run(client: Client, settings: Settings, stop: CancellationToken) -> Result<(), Error> {
    // Its memory has its key: no other process of its user reads that, whatever the isolation of jobs.
    nix::sys::prctl::set_dumpable(false)
        .map_err(|error| Error::Settings(format!("the memory cannot be shut off: {error}")))?;
    agent::run(client, settings, stop).await
}
