//! What every command that talks to a server takes.

use clap::Args;

use super::values;

/// Where a server listens unless told otherwise.
pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// Which server to talk to.
#[derive(Clone, Debug, Args)]
pub(crate) struct Address {
    /// Address of the server
    #[arg(long, env = "PLAYHOUSE_SERVER", value_name = "URL", default_value = DEFAULT_SERVER)]
    #[arg(value_parser = values::http_url)]
    pub(crate) server: String,
}

/// Text or JSON.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Format {
    /// Print the server's JSON, one document a line, instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// How long to hold on while the server is away.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Patience {
    /// While following, hold on for so long when the server goes away
    #[arg(
        long,
        env = "PLAYHOUSE_RECONNECT_FOR",
        value_name = "DURATION",
        default_value = "10m"
    )]
    #[arg(value_parser = values::duration)]
    pub(crate) reconnect_for: std::time::Duration,
}
