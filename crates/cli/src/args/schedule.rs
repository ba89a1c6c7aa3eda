//! `schedule …`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::{Address, ClientArgs, addresses, values};

/// The commands on schedules.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleArgs {
    /// List schedules, with their next times and what went wrong
    #[command(
        after_help = "Examples:\n  playhouse schedule list\n  playhouse schedule list --json"
    )]
    List(ClientArgs),
    Create(Box<CreateSchedule>),
    /// Show a schedule and its next five times
    #[command(
        after_help = "Examples:\n  playhouse schedule show 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3"
    )]
    Show(OneSchedule),
    /// Let a schedule start executions again, in the name of your key
    #[command(
        after_help = "Examples:\n  playhouse schedule enable 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3"
    )]
    Enable(OneSchedule),
    /// Let a schedule start nothing more; what it started goes on
    #[command(
        after_help = "Examples:\n  playhouse schedule disable 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3"
    )]
    Disable(OneSchedule),
    /// Start what a schedule starts, now, and print the execution's id
    #[command(after_help = "\
Examples:
  playhouse schedule run 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse run watch $(playhouse schedule run 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3)")]
    Run(OneSchedule),
    Delete(DeleteSchedules),
    History(History),
}

/// What happens when the execution before has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum OverlapArg {
    /// Leave the time out
    Skip,
    /// Start when it has ended
    Queue,
    /// Cancel it, and start when it has ended
    CancelRunning,
}

/// What happens to times that passed while no server was running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CatchUpArg {
    /// Leave them out
    None,
    /// Make up for the last one
    Last,
    /// Make up for all, a hundred at most
    All,
}

/// Start a playbook by the clock, and print the schedule's id
///
/// Executions are started in the name of the key that makes the schedule. Times of a cron expression that
/// clocks leave out are at the first moment after; times that are there twice count once.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("when").required(true))]
#[command(after_help = "\
Examples:
  playhouse schedule create backup.yaml --cron '30 2 * * *' --time-zone Europe/Berlin
  playhouse schedule create checks/http.yaml --every 15m -p url=https://example.org --overlap queue")]
pub(crate) struct CreateSchedule {
    /// The playbook's path in the library
    #[arg(value_name = "PATH")]
    pub(crate) path: String,

    /// What it is called [default: the playbook's path]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Minute, hour, day of month, month, day of week; or a word such as @daily
    #[arg(long, value_name = "EXPRESSION", group = "when")]
    pub(crate) cron: Option<String>,

    /// From one time to the next, such as 15m
    #[arg(long, value_name = "DURATION", group = "when", value_parser = values::whole_seconds)]
    pub(crate) every: Option<u64>,

    /// IANA time zone of the expression [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "cron")]
    pub(crate) time_zone: Option<String>,

    /// When the execution before has not ended
    #[arg(long, value_enum, default_value = "skip")]
    pub(crate) overlap: OverlapArg,

    /// Times that passed while no server was running
    #[arg(long, value_enum, default_value = "last")]
    pub(crate) catch_up: CatchUpArg,

    /// Value of a parameter (repeatable); it is read as the parameter's type
    #[arg(long = "parameter", short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) parameter: Vec<(String, String)>,

    /// JSON file with an object of values; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: Option<PathBuf>,

    /// The gateway that `gateway.*` steps talk to
    #[arg(long, value_name = "URL", value_parser = addresses::http_url)]
    pub(crate) gateway_url: Option<String>,

    /// Credential that fills in gateway, user name and password
    #[arg(long, value_name = "NAME")]
    pub(crate) credential: Option<String>,

    /// Label of the executions (repeatable)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) label: Vec<(String, String)>,

    /// Make it, and start nothing yet
    #[arg(long)]
    pub(crate) disabled: bool,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// One schedule.
#[derive(Debug, Args)]
pub(crate) struct OneSchedule {
    /// The schedule, as `schedule list` names it
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Delete schedules; what they started stays
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse schedule delete 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3")]
pub(crate) struct DeleteSchedules {
    /// The schedules, as `schedule list` names them
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// List what a schedule started, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse schedule history 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3")]
pub(crate) struct History {
    /// The schedule
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// At most so many, up to 500
    #[arg(long, value_name = "N", default_value = "50")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
