//! `plugin-job …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Address, Format, Ids, Patience, Wait, values};
use crate::exit;

/// The commands on plugin jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginJob {
    Submit(Box<SubmitPlugins>),
    Get(GetPlugins),
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
/// Creates a plugin job, starts it and tells on standard error which plugin runs. When it has ended the
/// metrics come to standard output, one line of JSON for each plugin. Ctrl-C stops watching; the job
/// goes on.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  echo '{{\"text\": \"to be or not to be\"}}' | playhouse plugin-job submit --plugin text-stats --input -
  playhouse plugin-job submit -p web-page -p text-stats -i page.json --timeout 30s --debug
  id=$(playhouse plugin-job submit --detach --input input.json)

{}", exit::help()))]
pub(crate) struct SubmitPlugins {
    /// A plugin (repeatable, in the order in which they run) [default: all that are enabled]
    #[arg(long = "plugin", short, value_name = "NAME")]
    pub(crate) plugins: Vec<String>,

    /// File with the input, JSON; `-` reads standard input
    #[arg(long, short, value_name = "FILE")]
    pub(crate) input: PathBuf,

    /// The job fails after this, such as 30s or 2h [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(crate) timeout: Option<std::time::Duration>,

    /// How often a plugin that fails is tried again [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retries: Option<u32>,

    /// Keep times and logs of the plugins, and show them
    #[arg(long)]
    pub(crate) debug: bool,

    /// Send the job's events to this URL
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Option<String>,

    /// Submitting again with this key within a day gives the same job
    #[arg(long, value_name = "KEY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) idempotency_key: Option<String>,

    /// Print the job's id and do not wait for it
    #[arg(long, short)]
    pub(crate) detach: bool,

    /// Print the job as JSON when it has ended (with --detach: as it was started) instead of its
    /// metrics
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) patience: Patience,
}

/// Show one plugin job
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse plugin-job get 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse plugin-job get 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --json | jq .result.metrics")]
pub(crate) struct GetPlugins {
    /// The job
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// List plugin jobs, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse plugin-job list --limit 20
  playhouse plugin-job list --json | jq -r '.[].id'")]
pub(crate) struct ListPluginJobs {
    /// At most so many, 1 to 1000
    #[arg(
        long,
        value_name = "N",
        default_value = "100",
        allow_negative_numbers = true
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    /// Skip so many
    #[arg(
        long,
        value_name = "N",
        default_value = "0",
        allow_negative_numbers = true
    )]
    pub(crate) offset: u32,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}
