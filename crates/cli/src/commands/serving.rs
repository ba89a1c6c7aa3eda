//! What `server` and `dev` share: the server in this process, and how it stops.

use std::path::{Path, PathBuf};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use server::{DatabaseError, Error, FreeSpace, Running, Settings};

use super::{executor, place};
use crate::{
    args::{Place, Serve},
    exit::{Exit, Failure},
    otlp::spans,
    output::say,
    signals::StopSignals,
};

/// More connections are allowed only when they are asked for.
const MOST_CONNECTIONS: usize = 10_000;

/// Starts the server, which is ready when the executor `awaited`, if there is to be one, has
/// registered.
pub(super) async fn start(
    serve: Serve,
    data_dir: PathBuf,
    awaited: Option<String>,
) -> Result<Running, Failure> {
    let files = allow_many_files();
    let max_connections = match serve.max_connections {
        Some(most) => most as usize,
        None => (files / 4 * 3).min(MOST_CONNECTIONS),
    };
    let settings = Settings {
        expected_executor: awaited,
        spans: spans(&serve.tracing, "playhouse-server")?,
        listen: serve.listen,
        library: serve.library,
        vault_key: serve.vault_key.map(|key| key.reveal().to_owned()),
        vault_key_command: serve.vault_key_command,
        blobs: serve.blobs,
        blob_options: std::env::vars()
            .filter(|(name, _)| name.starts_with("AWS_"))
            // The line end after a secret does not belong to it.
            .map(|(name, value)| (name, value.trim().to_owned()))
            .collect(),
        database_url: serve.place.database_url,
        public_url: serve.public_url,
        allowed_hosts: serve.allowed_host,
        cors_origins: serve.cors_origin,
        trusted_proxies: serve.trusted_proxy,
        allowed_outbound: serve.allow_outbound,
        lease: serve.lease_seconds,
        scan: serve.scan_seconds,
        class_bound: serve.class_bound_seconds,
        retention: serve.retention_hours,
        audit_retention: serve.audit_retention_days,
        browser_state_retention: serve.browser_state_retention_days,
        requests_per_minute: Some(serve.requests_per_minute).filter(|rate| *rate > 0),
        free_space: serve.free_space.map_or(FreeSpace::Usual, FreeSpace::Bytes),
        upload_quota_bytes: serve.upload_quota,
        max_connections,
        upload_limit_bytes: serve.upload_limit,
        request_memory_bytes: serve.request_memory,
        ..Settings::new(data_dir)
    };
    server::start(settings)
        .await
        .map_err(|error| failure(&error))
}

/// Each connection is a file, and the usual soft limit is for a thousand files. Answers how many there may be.
fn allow_many_files() -> usize {
    const WANTED: u64 = 65_536;
    const USUAL: usize = 1_024;
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = soft.max(WANTED.min(hard));
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map(|()| wanted)
    });
    if let Err(error) = &raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    raised.map_or(USUAL, |files| usize::try_from(files).unwrap_or(USUAL))
}

/// Which database the server uses, as the flag of a command on keys.
pub(super) fn key_place(place: &Place, data_dir: &Path) -> String {
    match place.database_url {
        Some(_) => "--database-url URL".to_owned(),
        None => format!("--data-dir '{}'", data_dir.display()),
    }
}

/// Says that there are no keys, if so, and how to make the first.
pub(super) async fn warn_without_keys(running: &Running, at: &str) -> Result<(), Failure> {
    let Some(token) = running
        .setup_token()
        .await
        .map_err(|error| failure(&error))?
    else {
        return Ok(());
    };
    let url = running.public_url();
    let [state, more] = if running.trusts_its_machine() {
        [
            "There are no keys: any program on this machine may run and watch, all others nothing.",
            "Put no proxy in front of it. Make the first key, an admin's, here with the",
        ]
    } else {
        [
            "There are no keys, and --public-url or --allowed-host names another host, so a proxy",
            "may be here: no request may do anything. Make the first key, an admin's, here with the",
        ]
    };
    say(&boxed(&[
        state,
        more,
        "command, or once from anywhere, within a day, with the link:",
    ]));
    // Without an edge, so that they can be copied.
    let program = place::program_name();
    say(&format!("  {program} key create NAME --role admin {at}"));
    say(&format!("  {url}/api/setup#{token}"));
    Ok(())
}

fn boxed(lines: &[&str]) -> String {
    let width = lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    let edge = format!("+{}+", "-".repeat(width + 2));
    let body = lines.iter().map(|line| format!("| {line:<width$} |"));
    let all = std::iter::once(edge.clone()).chain(body).chain([edge]);
    all.collect::<Vec<_>>().join("\n")
}

/// A failure of the server in this process.
pub(super) fn failure(error: &Error) -> Failure {
    let exit = match error {
        Error::Setting(_)
        | Error::Vault(_)
        | Error::Blobs(_)
        | Error::NotLoopback(_)
        | Error::Audit(_) => Exit::USAGE,
        Error::Copy(..) => Exit::IO,
        _ => Exit::FAILED,
    };
    let failure = Failure::new(exit, error.to_string());
    match error {
        Error::NotLoopback(_) => failure.hint(
            "Make the first key with `playhouse key create NAME --role admin` and the same \
             --data-dir or --database-url; then start again.",
        ),
        Error::Listen(..) => failure.hint("Choose another address or port with --listen."),
        Error::NoDatabase(_) => {
            failure.hint("Name the server's own with --data-dir or --database-url.")
        }
        Error::Locked(_) => failure.hint("Stop it, or choose another directory with --data-dir."),
        Error::Store(error) => failure.hint(database_advice(error)),
        Error::Blobs(_) => failure.hint(
            "Name a bucket with --blobs s3://bucket/prefix, and its credentials with AWS_ACCESS_KEY_ID \
             and AWS_SECRET_ACCESS_KEY.",
        ),
        Error::DataDir(..) => failure.hint("Choose another directory with --data-dir."),
        _ => failure,
    }
}

/// What a person may do about a database on which a server does not start.
pub(super) fn database_advice(error: &DatabaseError) -> &'static str {
    match error {
        DatabaseError::Unavailable(_) => {
            "Check --database-url, postgres://USER:PASSWORD@HOST:PORT/DATABASE, and that PostgreSQL \
             runs there; or --data-dir, and that this user may write to it."
        }
        DatabaseError::Denied(_) => {
            "Check user and password in --database-url, and let the user create tables there."
        }
        DatabaseError::Missing(_) => {
            "Create it, such as with PostgreSQL's createdb, or name another one in --database-url."
        }
        DatabaseError::Newer { .. } => "Or choose another one with --data-dir or --database-url.",
        _ => "Put a backup in its place, or choose another one with --data-dir or --database-url.",
    }
}

/// Runs until a signal comes or a part breaks, then stops everything in order: the executor gives
/// or ends its jobs while the server still listens. `tell` reports it to the user.
pub(super) async fn until_signal(
    mut running: Running,
    mut executor: Option<executor::Running>,
    mut signals: StopSignals,
    tell: fn(&str),
) -> Result<Exit, Failure> {
    let broken = tokio::select! {
        _ = signals.next() => None,
        // Without a listener there is nothing to drain for: leases end, jobs start again.
        error = running.failed() => return Err(failure(&error)),
        end = ended(&mut executor) => {
            executor = None;
            let by_itself = || Failure::new(Exit::FAILED, "the built-in executor ended by itself");
            Some(end.err().unwrap_or_else(by_itself))
        }
    };
    if broken.is_none() {
        tell("stopping in order; a second signal stops at once");
    }
    signals.end_at_once_on_next();
    running.drain();
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
