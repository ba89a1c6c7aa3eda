//! What a playground is made with.

use std::path::PathBuf;

use clap::Args;

use crate::args::{ClientArgs, values};

/// Bring up the Compose file of a folder, or roll out what changed in it
///
/// The playspec and the playground have the folder's name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playground up
  playhouse playground up ./shop --name shop-review --ttl 2")]
pub(crate) struct Up {
    /// The folder, or the Compose file
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,

    /// What the playground is called [default: the folder's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) settings: PlaygroundSettings,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// What a playground is made with.
#[derive(Debug, Args)]
pub(crate) struct PlaygroundSettings {
    /// Variable of the environment of all services (repeatable)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) env: Vec<(String, String)>,

    /// Variable of the Compose file's template (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) var: Vec<(String, String)>,

    /// Subdomain of a service (repeatable)
    #[arg(long, value_name = "SERVICE=NAME", value_parser = values::pair)]
    pub(crate) subdomain: Vec<(String, String)>,

    /// Branch of a service (repeatable)
    #[arg(long, value_name = "SERVICE=BRANCH", value_parser = values::pair)]
    pub(crate) branch: Vec<(String, String)>,

    /// Hours that it lives [default: 8]
    #[arg(long, value_name = "HOURS", conflicts_with = "never_expire")]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=8760))]
    pub(crate) ttl: Option<i64>,

    /// It lives until it is destroyed
    #[arg(long)]
    pub(crate) never_expire: bool,

    /// Minutes without a request after which it is stopped until the next one [default: it runs on]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=43_200))]
    pub(crate) sleep_after: Option<u32>,

    /// The Docker host that it runs on [default: the only one, or local]
    #[arg(long, value_name = "NAME")]
    pub(crate) playroom: Option<String>,
}

/// Create a playground of a playspec, follow it until it runs, and print where its services are reached
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playground create feature-auth --playspec web-stack --branch web=feature/auth
  playhouse playground create nightly --playspec load-test --job")]
pub(crate) struct CreatePlayground {
    /// What it is called
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The playspec, by its id or its name
    #[arg(long, value_name = "PLAYSPEC")]
    pub(crate) playspec: String,

    /// It runs until its services exit; the command ends as they did
    #[arg(long)]
    pub(crate) job: bool,

    /// Print its id, and do not follow it
    #[arg(long)]
    pub(crate) detach: bool,

    #[command(flatten)]
    pub(crate) settings: PlaygroundSettings,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
