//! What every command that talks to a server takes.

use std::path::PathBuf;

use clap::Args;

use super::{
    addresses,
    secret::{self, Secret},
    values,
};
use crate::exit::Failure;

/// Where a server listens unless told otherwise.
pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// Which server to talk to.
#[derive(Clone, Debug, Args)]
pub(crate) struct Address {
    /// Address of the server
    #[arg(long, env = "PLAYHOUSE_SERVER", value_name = "URL", default_value = DEFAULT_SERVER)]
    #[arg(value_parser = addresses::server_url)]
    pub(crate) server: String,

    #[command(flatten)]
    pub(crate) key: ShownKey,
}

impl Address {
    /// The named server, or the one of this machine.
    pub(super) fn of(server: Option<String>, key: ShownKey) -> Self {
        let server = server.unwrap_or_else(|| DEFAULT_SERVER.to_owned());
        Self { server, key }
    }
}

/// What a client shows of itself.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShownKey {
    /// Key to show to the server. Others on this machine can see a command line: better set
    /// PLAYHOUSE_KEY, or use --key-file
    #[arg(long, env = "PLAYHOUSE_KEY", value_name = "KEY")]
    #[arg(value_parser = secret::secret)]
    key: Option<Secret>,

    /// File whose first line is the key
    #[arg(long, env = "PLAYHOUSE_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl ShownKey {
    /// Whether there is one, or a file of one.
    pub(super) fn is_given(&self) -> bool {
        self.key.is_some() || self.key_file.is_some()
    }

    /// The file, if one was given.
    pub(crate) fn file(&self) -> Option<&std::path::Path> {
        self.key_file.as_deref()
    }

    /// The key, if one was given: the key itself wins over the file.
    pub(crate) fn read(&self) -> Result<Option<String>, Failure> {
        if let Some(key) = &self.key {
            let key = key.one_word("the key of --key or PLAYHOUSE_KEY")?;
            return Ok(Some(key.to_owned()));
        }
        let Some(file) = &self.key_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::io(format!("the key file {}", file.display()), &error))?;
        // Other lines say what it is for.
        let first = text.trim().lines().next().unwrap_or_default();
        let Ok(key) = secret::secret(first);
        let key = key.one_word(&format!("the key file {}", file.display()))?;
        Ok(Some(key.to_owned()))
    }
}

/// Text or JSON.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Format {
    /// Print the server's JSON, one document a line, instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which server to ask, and how to print what it answers.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClientArgs {
    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// How long to hold on while the server is away.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Reconnect {
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
