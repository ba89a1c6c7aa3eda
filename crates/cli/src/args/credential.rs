//! `credential …` and `vault …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Address, ClientArgs};

/// The commands on credentials.
#[derive(Debug, Subcommand)]
pub(crate) enum CredentialArgs {
    /// List credentials by name, without passwords: those are never shown
    #[command(
        after_help = "Examples:\n  playhouse credential list\n  playhouse credential list --json"
    )]
    List(ClientArgs),
    Set(SetCredential),
    Delete(DeleteCredentials),
    Uses(CredentialUsesArgs),
}

/// Save a credential, with the password from standard input or asked for in the terminal
///
/// A credential of this name is replaced.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse credential set plant --username admin --gateway-url https://plant.example:8043
  pass show plant | playhouse credential set plant --username admin
  playhouse credential set plant --username operator --keep-password")]
pub(crate) struct SetCredential {
    /// Its name: `{{ credential.NAME.password }}` in playbooks
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Who logs in
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) username: String,

    /// Where, if it is for one gateway
    #[arg(long, value_name = "URL")]
    pub(crate) gateway_url: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,

    /// Change the rest, and keep the password that it has
    #[arg(long)]
    pub(crate) keep_password: bool,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// Delete credentials: steps that need one fail from then on
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  playhouse credential delete plant")]
pub(crate) struct DeleteCredentials {
    /// The credentials, as `credential list` names them
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// Show which executions used a credential, newest first, and which playbooks name it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse credential uses plant
  playhouse credential uses plant --json | jq -r '.uses[].execution_id'")]
pub(crate) struct CredentialUsesArgs {
    /// The credential
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// At most so many uses, up to 1000
    #[arg(long, value_name = "N", default_value = "50")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// The commands on the vault.
#[derive(Debug, Subcommand)]
pub(crate) enum VaultArgs {
    Rotate(RotateKey),
}

/// Replace the master key of the vault while the server runs
///
/// A server that keeps its key in a file makes a new one and replaces the file. One that gets it from
/// outside takes the key that is given here, and must be started with that from then on. Other servers of
/// the same database go on, and need the new key at their next start.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse vault rotate
  openssl rand -hex 32 | tee new.key | playhouse vault rotate --new-key-file -")]
pub(crate) struct RotateKey {
    /// File with the new key, 64 hexadecimal digits; `-` for standard input [default: the server makes one]
    #[arg(long, value_name = "FILE")]
    pub(crate) new_key_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) address: Address,
}
