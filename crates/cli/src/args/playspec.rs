//! `playspec …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Address, ClientArgs};

/// The commands on playspecs.
#[derive(Debug, Subcommand)]
pub(crate) enum PlayspecArgs {
    /// List playspecs
    #[command(after_help = "Examples:\n  playhouse playspec list")]
    List(ClientArgs),
    /// Show a playspec and its services
    #[command(after_help = "Examples:\n  playhouse playspec show web-stack")]
    Show(OnePlayspec),
    Put(PutPlayspec),
    Check(CheckCompose),
    /// Delete playspecs that no playground is made from
    #[command(after_help = "Examples:\n  playhouse playspec delete web-stack")]
    Delete(DeletePlayspecs),
}

/// One playspec.
#[derive(Debug, Args)]
pub(crate) struct OnePlayspec {
    /// The playspec, by its name or its id
    #[arg(value_name = "PLAYSPEC")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Make a playspec from a Compose file, or change the one of that name
///
/// Playgrounds that are made from it get the change with their next rollout.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playspec put web-stack compose.yaml
  playhouse playspec put web-stack compose.yaml --persist-volumes")]
pub(crate) struct PutPlayspec {
    /// What it is called
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The Compose file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// For people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,

    /// Volumes outlive the playgrounds
    #[arg(long)]
    pub(crate) persist_volumes: bool,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Check a Compose file: what it has, and what would be refused
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  playhouse playspec check compose.yaml")]
pub(crate) struct CheckCompose {
    /// The Compose file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Playspecs to delete.
#[derive(Debug, Args)]
pub(crate) struct DeletePlayspecs {
    /// The playspecs, by their names or ids
    #[arg(value_name = "PLAYSPEC", required = true)]
    pub(crate) ids: Vec<String>,

    #[command(flatten)]
    pub(crate) address: Address,
}
