//! `hook …`.

use clap::{ArgGroup, Args, Subcommand};

use super::{Address, ClientArgs};

/// The commands on hooks.
#[derive(Debug, Subcommand)]
pub(crate) enum HookArgs {
    Create(CreateHook),
    /// List hooks, oldest first
    #[command(after_help = "Examples:\n  playhouse hook list\n  playhouse hook list --json")]
    List(ClientArgs),
    Change(ChangeHook),
    Delete(DeleteHook),
    Test(TestHook),
    Deliveries(Deliveries),
}

/// Send events to a URL, and print the secret that they are signed with: it is shown this once
///
/// The receiver gets a POST of {event, data, timestamp}, signed as Standard Webhooks are. The server
/// calls public addresses only, unless it was started with --allow-outbound.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse hook create https://chat.example/in --event 'job.failed' --event 'job.cancelled'
  playhouse hook create https://ci.example/hook --description nightly > hook.secret")]
pub(crate) struct CreateHook {
    /// Where to send them
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// Only this type; `*` at its end stands for anything (repeatable) [default: every event]
    #[arg(long, value_name = "TYPE")]
    pub(crate) event: Vec<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Change a hook, or enable one that is disabled: it begins with the next event
///
/// The server disables a hook whose receiver answers 410, or fails for a day. Disabled, nothing is sent
/// to it and what was not delivered fails. The hook of a job stays where the job sends it.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
#[command(after_help = "\
Examples:
  playhouse hook change 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --enable
  playhouse hook change 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --event 'job.*' --url https://ci.example/new")]
pub(crate) struct ChangeHook {
    /// The hook, as `hook list` names it
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Send it what happens from now on
    #[arg(long, group = "change", conflicts_with = "disable")]
    pub(crate) enable: bool,

    /// Send it nothing more
    #[arg(long, group = "change")]
    pub(crate) disable: bool,

    /// Send it there
    #[arg(long, value_name = "URL", group = "change")]
    pub(crate) url: Option<String>,

    /// Only this type from now on; `*` at its end stands for anything (repeatable)
    #[arg(long, value_name = "TYPE", group = "change")]
    pub(crate) event: Vec<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT", group = "change")]
    pub(crate) description: Option<String>,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Delete hooks: nothing more is sent to them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse hook delete 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3")]
pub(crate) struct DeleteHook {
    /// The hooks, as `hook list` names them
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// Send an event `hook.test`, and say what the receiver answered
///
/// Ends with 0 when the receiver accepted it, and with 1 when it did not: it is sent again later, as
/// every delivery is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse hook test 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3")]
pub(crate) struct TestHook {
    /// The hook
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// List what was sent to a hook, newest first, or send one of it again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse hook deliveries 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse hook deliveries 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --replay 17")]
pub(crate) struct Deliveries {
    /// The hook; a job's own hook has the job's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Send this delivery again, now
    #[arg(long, value_name = "DELIVERY", conflicts_with = "limit")]
    pub(crate) replay: Option<i64>,

    /// At most so many, up to 200
    #[arg(long, value_name = "N", default_value = "50")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
