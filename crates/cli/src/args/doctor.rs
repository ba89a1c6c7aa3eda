//! `doctor`, `backup` and `completions`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::{Address, Format, Place, ShownKey, addresses, values};

/// Check this machine: data directory, database, server, isolation
///
/// It connects to the database as a server would, and changes nothing. With --executor the machine of an
/// executor is checked instead, as the executor itself finds it: isolation and disks. Ends with 1 when a
/// check failed; a warning is no failure.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse doctor
  playhouse doctor --server http://127.0.0.1:9000 --data-dir /var/lib/playhouse
  playhouse doctor --executor builder-1")]
pub(crate) struct Doctor {
    /// Have the server ask this executor, as `playhouse executors` names it. Nothing of this machine is
    /// checked then, and the data directory and the database do not matter
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    pub(crate) executor: Option<String>,

    /// Address of the server [default: http://127.0.0.1:8080, which may be down]
    #[arg(long, env = "PLAYHOUSE_SERVER", value_name = "URL", value_parser = addresses::server_url)]
    pub(crate) server: Option<String>,

    #[command(flatten)]
    key: ShownKey,

    #[command(flatten)]
    pub(crate) place: Place,

    #[command(flatten)]
    pub(crate) format: Format,
}

impl Doctor {
    /// The server that knows the executor.
    pub(crate) fn address(&self) -> Address {
        Address::of(self.server.clone(), self.key.clone())
    }
}

/// Copy the database of a SQLite server, also while it runs
///
/// The copy is one consistent moment. Uploads and artefacts are files beside the database, in `blobs`
/// of the data directory: copy them after it. PostgreSQL and S3 have their own tools.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse backup /var/backups/playhouse.db
  playhouse backup dev.db --data-dir .playhouse/dev")]
pub(crate) struct Backup {
    /// Where to write the copy; it must not exist
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse completions bash > ~/.local/share/bash-completion/completions/playhouse
  playhouse completions zsh > ~/.zfunc/_playhouse
  playhouse completions fish > ~/.config/fish/completions/playhouse.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}
