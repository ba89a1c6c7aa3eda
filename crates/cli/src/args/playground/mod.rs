//! `playground …`.

mod create;

use clap::{ArgGroup, Args, Subcommand};

use super::{Address, ClientArgs};
pub(crate) use create::{CreatePlayground, PlaygroundSettings, Up};

/// The commands on playgrounds.
#[derive(Debug, Subcommand)]
pub(crate) enum PlaygroundArgs {
    Up(Up),
    Create(Box<CreatePlayground>),
    /// List playgrounds
    #[command(
        after_help = "Examples:\n  playhouse playground list\n  playhouse playground list --json"
    )]
    List(ClientArgs),
    /// Show a playground, its services and where they are reached
    #[command(after_help = "Examples:\n  playhouse playground status feature-auth")]
    Status(OnePlayground),
    /// Show what the services of a playground use
    #[command(after_help = "Examples:\n  playhouse playground stats feature-auth")]
    Stats(OnePlayground),
    Open(OpenService),
    Logs(ServiceLogsArgs),
    Rollout(Rollout),
    /// Remove all containers and provision again
    #[command(after_help = "Examples:\n  playhouse playground restart feature-auth")]
    Restart(Operate),
    /// Stop all containers, and keep them
    #[command(after_help = "Examples:\n  playhouse playground stop feature-auth")]
    Stop(Operate),
    /// Start the containers that were stopped
    #[command(after_help = "Examples:\n  playhouse playground start feature-auth")]
    Start(Operate),
    Rollback(RollbackArgs),
    Extend(Extend),
    Destroy(Destroy),
    Env(EnvironmentArgs),
    Debug(DebugArgs),
}

/// One playground.
#[derive(Debug, Args)]
pub(crate) struct OnePlayground {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Print where a service is reached, and open it in the browser
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  playhouse playground open feature-auth web")]
pub(crate) struct OpenService {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    /// The service [default: the first that is reached]
    #[arg(value_name = "SERVICE")]
    pub(crate) service: Option<String>,

    /// Only print it
    #[arg(long)]
    pub(crate) print: bool,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// Print what services print
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playground logs feature-auth web -f
  playhouse playground logs feature-auth --tail 20")]
pub(crate) struct ServiceLogsArgs {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    /// The service [default: all, each line after its service]
    #[arg(value_name = "SERVICE")]
    pub(crate) service: Option<String>,

    /// Go on with what is printed
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// So many lines of each service
    #[arg(long, value_name = "N", default_value = "100")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) tail: u32,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// Apply what changed, without losing a request
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playground rollout feature-auth --dry-run
  playhouse playground rollout feature-auth")]
pub(crate) struct Rollout {
    /// Say what would be done with each service, and why
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) operate: Operate,
}

/// An operation on a playground.
#[derive(Debug, Args)]
pub(crate) struct Operate {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    /// Whatever its status is
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not follow it
    #[arg(long)]
    pub(crate) detach: bool,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Go back to an earlier revision; without one, list them
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which"))]
#[command(after_help = "\
Examples:
  playhouse playground rollback feature-auth
  playhouse playground rollback feature-auth --to 3
  playhouse playground rollback feature-auth --last")]
pub(crate) struct RollbackArgs {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    /// The revision
    #[arg(long, value_name = "REVISION", group = "which")]
    pub(crate) to: Option<i64>,

    /// The one before the newest
    #[arg(long, group = "which")]
    pub(crate) last: bool,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Let a playground live longer
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  playhouse playground extend feature-auth --hours 24")]
pub(crate) struct Extend {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    /// By so many hours
    #[arg(long, value_name = "HOURS", default_value = "8")]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=8760))]
    pub(crate) hours: i64,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Remove playgrounds with their containers, networks and volumes
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  playhouse playground destroy feature-auth")]
pub(crate) struct Destroy {
    /// The playgrounds, by their names or ids
    #[arg(value_name = "PLAYGROUND", required = true)]
    pub(crate) ids: Vec<String>,

    /// Do not wait until they are gone
    #[arg(long)]
    pub(crate) detach: bool,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// Show the merged environment, and where each value comes from
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playground env feature-auth
  playhouse playground env feature-auth --service web")]
pub(crate) struct EnvironmentArgs {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    /// Of one service [default: what all have]
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: Option<String>,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Show why a playground does not work: phases, failure, last lines, generated Compose file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playground debug feature-auth
  playhouse playground debug feature-auth --compose > compose.yaml")]
pub(crate) struct DebugArgs {
    /// The playground, by its name or its id
    #[arg(value_name = "PLAYGROUND")]
    pub(crate) id: String,

    /// Only the generated Compose file
    #[arg(long)]
    pub(crate) compose: bool,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
