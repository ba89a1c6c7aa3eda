//! What `server` and `dev` share: the server in this process, and how it stops.

use std::path::PathBuf;

use server::Settings;

use super::{
    executor,
    pending::{self, Running},
};
use crate::{
    args::Serve,
    exit::{Exit, Failure},
    output::say,
    signals::Signals,
};

/// Starts the server.
pub(super) async fn start(serve: Serve, data_dir: PathBuf) -> Result<Running, Failure> {
    let settings = Settings {
        listen: serve.listen,
        database_url: serve.place.database_url,
        public_url: serve.public_url,
        allowed_hosts: serve.allowed_host,
        trusted_proxies: serve.trusted_proxy,
        lease: serve.lease_seconds,
        scan: serve.scan_seconds,
        class_bound: serve.class_bound_seconds,
        retention: serve.retention_hours,
        upload_limit_bytes: serve.upload_limit,
        ..Settings::new(data_dir)
    };
    pending::start(settings)
        .await
        .map_err(|error| Failure::new(Exit::FAILED, error.to_string()))
}

/// Runs until a signal comes or a part breaks, then stops everything in order: the executor gives
/// its jobs back or ends them while the server still listens.
pub(super) async fn until_signal(
    running: Running,
    mut executor: Option<executor::Running>,
    mut signals: Signals,
) -> Result<Exit, Failure> {
    let broken = tokio::select! {
        _ = signals.next() => None,
        error = running.failed() => Some(Failure::new(Exit::FAILED, error.to_string())),
        end = ended(&mut executor) => {
            executor = None;
            Some(end.err().unwrap_or_else(|| {
                Failure::new(Exit::FAILED, "the built-in executor ended by itself")
            }))
        }
    };
    say("stopping (again: at once)");
    signals.end_at_once_on_next();
    let drained = match executor {
        Some(executor) => executor.drain().await,
        None => Ok(()),
    };
    running.stop().await;
    match broken {
        Some(failure) => Err(failure),
        None => drained.map(|()| Exit::OK),
    }
}

async fn ended(executor: &mut Option<executor::Running>) -> Result<(), Failure> {
    match executor {
        Some(executor) => executor.ended().await,
        None => std::future::pending().await,
    }
}
