//! `server` and `dev`.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, builder::BoolishValueParser};
use ipnet::IpNet;

use super::{BuiltIn, Secret, Tracing, addresses, secret, values};

/// Run the server
///
/// Takes jobs, hands them to executors and keeps everything in its data directory (SQLite) or in
/// PostgreSQL. SIGTERM, SIGHUP and Ctrl-C stop it gracefully; a second SIGTERM or Ctrl-C ends it at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse server
  playhouse server --listen 127.0.0.1:9000 --data-dir /var/lib/playhouse --with-executor
  PLAYHOUSE_DATABASE_URL=postgres://user:password@db.example/jobs playhouse server")]
pub(crate) struct Server {
    #[command(flatten)]
    pub(crate) serve: Serve,

    /// Start an executor in this process too
    #[arg(long, env = "PLAYHOUSE_WITH_EXECUTOR", value_parser = BoolishValueParser::new())]
    #[arg(help_heading = "Built-in executor")]
    pub(crate) with_executor: bool,

    #[command(flatten)]
    pub(crate) built_in: BuiltIn,
}

/// Try it: run a server with an executor and a demo job
///
/// Everything stays on this machine and in one directory, `.playhouse/dev` unless told otherwise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse dev
  playhouse dev --listen 127.0.0.1:9000 --data-dir /tmp/playhouse
and, in another terminal:
  playhouse job submit ./program -- arg")]
pub(crate) struct Dev {
    #[command(flatten)]
    pub(crate) serve: Serve,

    #[command(flatten)]
    pub(crate) built_in: BuiltIn,
}

/// Where the server keeps its data.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Directory of the database, the uploads and the artefacts
    /// [default: $XDG_DATA_HOME/playhouse; for dev .playhouse/dev]
    #[arg(long, env = "PLAYHOUSE_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Keep jobs in PostgreSQL, `postgres://…`, instead of in SQLite in the data directory
    #[arg(long, env = "PLAYHOUSE_DATABASE_URL", value_name = "URL", value_parser = secret::trimmed)]
    pub(crate) database_url: Option<String>,
}

/// What a server takes.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; beyond loopback only when there are keys; port 0 takes a free one
    #[arg(long, env = "PLAYHOUSE_LISTEN", value_name = "ADDR:PORT")]
    #[arg(default_value = "127.0.0.1:8080", value_parser = addresses::listen)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) place: Place,

    /// Folder of playbooks [default: playbooks in the data directory]
    #[arg(long, env = "PLAYHOUSE_LIBRARY", value_name = "DIR")]
    pub(crate) library: Option<PathBuf>,

    /// Master key of the vault, 64 hexadecimal digits; all servers of one database need the same
    /// [default: the file vault.key in the data directory, made at the first start]
    #[arg(
        long,
        env = "PLAYHOUSE_VAULT_KEY",
        value_name = "KEY",
        hide_env_values = true,
        value_parser = secret::secret
    )]
    pub(crate) vault_key: Option<Secret>,

    /// Command of the shell that prints the master key of the vault, instead of a key or a file
    #[arg(long, env = "PLAYHOUSE_VAULT_KEY_COMMAND", value_name = "COMMAND")]
    #[arg(conflicts_with = "vault_key")]
    pub(crate) vault_key_command: Option<String>,

    /// Keep uploads and artefacts in an S3 bucket, `s3://bucket/prefix`, instead of in the data directory
    ///
    /// All servers of one database must name the same bucket and prefix, and no other database may use
    /// them. Credentials, region and endpoint come from the usual variables, such as
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL.
    #[arg(long, env = "PLAYHOUSE_BLOBS", value_name = "URL", value_parser = secret::trimmed)]
    pub(crate) blobs: Option<String>,

    #[command(flatten)]
    pub(crate) tracing: Tracing,

    /// Address that executors and people reach this server at [default: the listening address]
    #[arg(long, env = "PLAYHOUSE_PUBLIC_URL", value_name = "URL", value_parser = addresses::http_url)]
    pub(crate) public_url: Option<String>,

    /// Accept this Host header too, `*.example.org` for all names below (repeatable; in the environment
    /// comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_ALLOWED_HOST",
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub(crate) allowed_host: Vec<String>,

    /// Let pages of this site ask and see the answers, such as `https://console.example`; without it only
    /// our own pages may (repeatable; in the environment comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = addresses::origin
    )]
    pub(crate) cors_origin: Vec<String>,

    /// Believe the X-Forwarded-For header of this proxy (repeatable; in the environment
    /// comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_TRUSTED_PROXY",
        value_name = "IP",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxy: Vec<IpAddr>,

    /// Let the server call this network, for webhooks; without it only public addresses are called
    /// (repeatable; in the environment comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_ALLOW_OUTBOUND",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = values::network
    )]
    pub(crate) allow_outbound: Vec<IpNet>,

    /// A silent executor loses its jobs after this
    #[arg(
        long,
        env = "PLAYHOUSE_LEASE_SECONDS",
        value_name = "SECONDS",
        default_value = "30"
    )]
    #[arg(value_parser = values::seconds, help_heading = "Timing")]
    pub(crate) lease_seconds: Duration,

    /// How often lost jobs are looked for, at most 5
    #[arg(
        long,
        env = "PLAYHOUSE_SCAN_SECONDS",
        value_name = "SECONDS",
        default_value = "5"
    )]
    #[arg(value_parser = values::scan_seconds, help_heading = "Timing")]
    pub(crate) scan_seconds: Duration,

    /// How long one priority can be kept waiting by the one above it
    #[arg(long, env = "PLAYHOUSE_CLASS_BOUND_SECONDS", value_name = "SECONDS")]
    #[arg(default_value = "600", value_parser = values::seconds, help_heading = "Timing")]
    pub(crate) class_bound_seconds: Duration,

    /// Ended jobs and old events are deleted after this
    #[arg(
        long,
        env = "PLAYHOUSE_RETENTION_HOURS",
        value_name = "HOURS",
        default_value = "168"
    )]
    #[arg(value_parser = values::hours, help_heading = "Timing")]
    pub(crate) retention_hours: Duration,

    /// Lines of the audit are deleted after this
    #[arg(
        long,
        env = "PLAYHOUSE_AUDIT_RETENTION_DAYS",
        value_name = "DAYS",
        default_value = "400"
    )]
    #[arg(value_parser = values::days, help_heading = "Timing")]
    pub(crate) audit_retention_days: Duration,

    /// Saved states of browsers are deleted after this
    #[arg(
        long,
        env = "PLAYHOUSE_BROWSER_STATE_RETENTION_DAYS",
        value_name = "DAYS",
        default_value = "90"
    )]
    #[arg(value_parser = values::days, help_heading = "Timing")]
    pub(crate) browser_state_retention_days: Duration,

    /// Requests a minute of a key that has no number of its own and may do more than perform runs; 0 for
    /// no limit
    #[arg(
        long,
        env = "PLAYHOUSE_REQUESTS_PER_MINUTE",
        value_name = "N",
        default_value = "6000"
    )]
    #[arg(value_parser = clap::value_parser!(i64).range(0..=100_000_000))]
    pub(crate) requests_per_minute: i64,

    /// What must stay free of the disk of the data directory: below it no runs, output or uploads are taken, ends of
    /// runs are; 0 takes everything [default: 5 percent, at least 200M]
    #[arg(long, env = "PLAYHOUSE_FREE_SPACE", value_name = "SIZE")]
    #[arg(value_parser = values::bytes_or_none)]
    pub(crate) free_space: Option<u64>,

    /// What all uploads, files and artefacts may take together [default: no limit of its own]
    #[arg(long, env = "PLAYHOUSE_UPLOAD_QUOTA", value_name = "SIZE")]
    #[arg(value_parser = values::bytes)]
    pub(crate) upload_quota: Option<u64>,

    /// Connections at once, at most; those without a permitted request give way to newer ones
    /// [default: three quarters of the files that may be open, at most 10000]
    #[arg(long, env = "PLAYHOUSE_MAX_CONNECTIONS", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(16..))]
    pub(crate) max_connections: Option<u32>,

    /// Largest program, file or artefact that may be uploaded
    #[arg(
        long,
        env = "PLAYHOUSE_UPLOAD_LIMIT",
        value_name = "SIZE",
        default_value = "4G"
    )]
    #[arg(value_parser = values::bytes)]
    pub(crate) upload_limit: u64,

    /// Memory for large requests that are answered at the same time, at least 1M; who finds none
    /// free is told to come again
    #[arg(
        long,
        env = "PLAYHOUSE_REQUEST_MEMORY",
        value_name = "SIZE",
        default_value = "256M"
    )]
    #[arg(value_parser = values::bytes)]
    pub(crate) request_memory: u64,
}
