//! The Docker host of an executor, and the router beside it.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum, builder::BoolishValueParser};

use super::{addresses, values};

/// Where an executor performs operations on playgrounds.
#[derive(Debug, Args)]
#[command(next_help_heading = "Playgrounds")]
pub(crate) struct ForDocker {
    /// Perform no operations on playgrounds
    #[arg(long, env = "PLAYHOUSE_NO_DOCKER", value_parser = BoolishValueParser::new())]
    pub(crate) no_docker: bool,

    /// Docker engine for playgrounds, `unix:///path/to/socket` or `tcp://host:port`
    /// [default: the engine of this machine, if it answers]
    #[arg(long, env = "PLAYHOUSE_DOCKER_HOST", value_name = "URL")]
    pub(crate) docker_host: Option<String>,

    /// Directory with ca.pem, cert.pem and key.pem, for an engine at `tcp://`
    #[arg(long, env = "PLAYHOUSE_DOCKER_CERTS", value_name = "DIR")]
    pub(crate) docker_certs: Option<PathBuf>,

    /// Program of Docker Compose [default: looked for where it is usually installed]
    #[arg(long, env = "PLAYHOUSE_COMPOSE", value_name = "FILE")]
    pub(crate) compose: Option<PathBuf>,

    /// Name of the playroom that the engine is
    #[arg(
        long,
        env = "PLAYHOUSE_PLAYROOM",
        value_name = "NAME",
        default_value = "local"
    )]
    #[arg(value_parser = values::name)]
    pub(crate) playroom: String,

    /// Where playgrounds keep their files and checkouts, on the engine's machine
    /// [default: playgrounds in the data or state directory]
    #[arg(long, env = "PLAYHOUSE_PLAYGROUNDS_DIR", value_name = "DIR")]
    pub(crate) playgrounds_dir: Option<PathBuf>,

    /// Where the router listens for requests to services; port 0 takes a free one
    #[arg(long, env = "PLAYHOUSE_ROUTER_LISTEN", value_name = "ADDR:PORT")]
    #[arg(default_value = "127.0.0.1:8081", value_parser = addresses::listen)]
    pub(crate) router_listen: SocketAddr,

    /// Where the router listens for HTTPS; it needs --router-certificate and --router-key
    #[arg(long, env = "PLAYHOUSE_ROUTER_HTTPS", value_name = "ADDR:PORT")]
    #[arg(value_parser = addresses::listen, requires_all = ["router_certificate", "router_key"])]
    pub(crate) router_https: Option<SocketAddr>,

    /// PEM file with the router's certificate and those that it was issued by; read again when it changes
    #[arg(
        long,
        env = "PLAYHOUSE_ROUTER_CERTIFICATE",
        value_name = "FILE",
        requires = "router_https"
    )]
    pub(crate) router_certificate: Option<PathBuf>,

    /// PEM file with the key of the router's certificate
    #[arg(
        long,
        env = "PLAYHOUSE_ROUTER_KEY",
        value_name = "FILE",
        requires = "router_https"
    )]
    pub(crate) router_key: Option<PathBuf>,

    /// Where GET /metrics has what the router counts of each service, for Prometheus [default: nowhere]
    #[arg(long, env = "PLAYHOUSE_ROUTER_METRICS", value_name = "ADDR:PORT")]
    #[arg(value_parser = addresses::listen)]
    pub(crate) router_metrics: Option<SocketAddr>,

    /// What stands after the subdomains of services, where a playroom has no domain of its own
    #[arg(
        long,
        env = "PLAYHOUSE_ROOT_DOMAIN",
        value_name = "DOMAIN",
        default_value = "localhost"
    )]
    pub(crate) root_domain: String,

    /// How many images are built at once
    #[arg(long, env = "PLAYHOUSE_BUILDS", value_name = "N", default_value = "2")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) builds: u16,

    /// How long services may take to become ready, in seconds; one whose health check takes longer may
    #[arg(
        long,
        env = "PLAYHOUSE_READY_TIMEOUT",
        value_name = "SECONDS",
        default_value = "120"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) ready_timeout: u32,

    /// Clone repositories over this protocol too, besides HTTPS and SSH (repeatable; in the environment
    /// comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_ALLOW_GIT",
        value_name = "PROTOCOL",
        value_delimiter = ','
    )]
    #[arg(value_enum)]
    pub(crate) allow_git: Vec<GitProtocol>,
}

/// A protocol that has to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GitProtocol {
    /// Plain HTTP: any host on the way reads credentials
    Http,
    /// Repositories of the executor's machine
    File,
}
