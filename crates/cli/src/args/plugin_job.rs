//! `plugin-job …`.

use clap::{Args, Subcommand, ValueEnum};

use super::{
    Address, ClientArgs, Handover, Ids, InputArgs, OneJob, PageArgs, Reconnect, Wait, values,
};
use crate::exit;

/// The commands on plugin jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginJob {
    Submit(Box<SubmitPlugins>),
    /// Show one plugin job
    #[command(after_help = "\
Examples:
  playhouse plugin-job get 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse plugin-job get 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --json | jq .result.metrics")]
    Get(OneJob),
    List(ListPluginJobs),
    /// Cancel plugin jobs, wherever they stand
    #[command(after_help = "\
Examples:
  playhouse plugin-job cancel 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3")]
    Cancel(Ids),
    /// Wait until plugin jobs end, and end as they ended
    ///
    /// Prints a line for each job as it ends. The exit code is that of the first job, in the order
    /// given, that did not complete; 0 when all did.
    #[command(after_help = format!("\
Examples:
  playhouse plugin-job wait 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3

{}", exit::help()))]
    Wait(Wait),
}

/// Run plugins over an input, and watch them
///
/// Creates a plugin job, starts it and tells on standard error which plugin runs. When it has ended a table
/// of what the plugins measured comes to standard output. Ctrl-C stops watching; the job goes on.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  playhouse plugin-job submit --text 'to be or not to be'
  playhouse plugin-job submit --plugin log-lint --text @server.log
  playhouse plugin-job submit -p web-page -p text-stats -i page.json --timeout 30s --debug
  id=$(playhouse plugin-job submit --detach --input input.json)

{}", exit::help()))]
pub(crate) struct SubmitPlugins {
    /// A plugin (repeatable, in the order in which they run) [default: all that are enabled]
    #[arg(long = "plugin", short, value_name = "NAME")]
    pub(crate) plugins: Vec<String>,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// The job fails after this, such as 30s or 2h [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(crate) timeout: Option<std::time::Duration>,

    /// How often a plugin that fails is tried again [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retries: Option<u32>,

    /// Keep times and logs of the plugins, and show them
    #[arg(long)]
    pub(crate) debug: bool,

    #[command(flatten)]
    pub(crate) handover: Handover,

    /// Print the job as JSON when it has ended (with --detach: as it was started) instead of the
    /// table
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) reconnect: Reconnect,
}

/// Where a plugin job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PluginJobStatus {
    /// Waits for its start, or for an executor
    Queued,
    /// Runs
    Running,
    /// No plugin failed
    Completed,
    /// It ended in another way, or was cancelled
    Failed,
}

/// List plugin jobs, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse plugin-job list --status failed --limit 20
  playhouse plugin-job list --json | jq -r '.[].id'")]
pub(crate) struct ListPluginJobs {
    /// Only this status
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) status: Option<PluginJobStatus>,

    #[command(flatten)]
    pub(crate) page: PageArgs,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
