//! `run …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use wire::Timestamp;

use super::{Address, ClientArgs, Reconnect, values};
use crate::exit;

/// The commands on runs.
#[derive(Debug, Subcommand)]
pub(crate) enum RunArgs {
    List(Box<ListRuns>),
    /// Show one run
    #[command(after_help = "\
Examples:
  playhouse run get 0199f2c4-8b1e
  playhouse run get 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --json | jq .controls")]
    Get(OneRun),
    Watch(WatchRun),
    /// List what a run left: the files of a job's $OUTPUT_DIR
    #[command(after_help = "\
Examples:
  playhouse run artifacts 0199f2c4-8b1e")]
    Artifacts(OneRun),
    Download(Download),
    /// Pause runs: at once when no executor performs them, else after the part that runs
    #[command(after_help = "\
Examples:
  playhouse run pause 0199f2c4-8b1e
  playhouse run list --status queued --json | jq -r .id | xargs playhouse run pause")]
    Pause(RunIds),
    /// Let paused runs go on
    #[command(after_help = "Examples:\n  playhouse run resume 0199f2c4-8b1e")]
    Resume(RunIds),
    /// Skip the part that waits, or the next one
    #[command(after_help = "Examples:\n  playhouse run skip 0199f2c4-8b1e")]
    Skip(RunIds),
    /// Cancel runs, and all that belong to them, wherever they stand
    #[command(after_help = "Examples:\n  playhouse run cancel 0199f2c4-8b1e")]
    Cancel(RunIds),
    Retry(RetryRuns),
}

/// Start ended runs again; an execution goes on at the step that failed, or at an earlier one
///
/// What an execution did before stays in its history. Edited parameters hold from that step on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse run retry 0199f2c4-8b1e
  playhouse run retry 0199f2c4-8b1e --from deploy -p version=1.4.1")]
pub(crate) struct RetryRuns {
    #[command(flatten)]
    pub(crate) runs: RunIds,

    /// The step at the top level from which on an execution is performed again [default: the one that failed]
    #[arg(long, value_name = "STEP")]
    pub(crate) from: Option<String>,

    /// Another value of a parameter of an execution (repeatable)
    #[arg(long = "parameter", short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) parameter: Vec<(String, String)>,
}

/// What a run performs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum RunKind {
    /// A program
    Job,
    /// Plugins over an input
    PluginJob,
    /// A playbook
    Execution,
    /// A change of a playground
    Operation,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunStatus {
    /// Created, and not started yet
    Held,
    /// Waits for its time
    Scheduled,
    /// Waits for an executor
    Queued,
    /// An executor performs it
    Running,
    /// Paused, or waits for something else
    Waiting,
    /// Done
    Completed,
    /// It failed
    Failed,
    /// It was cancelled
    Cancelled,
}

/// List runs of every kind, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse run list --status running --status waiting
  playhouse run list --label team=data --since 2030-01-31T00:00:00Z
  playhouse run list --text nightly --json | jq -r .id")]
pub(crate) struct ListRuns {
    /// Only this kind (repeatable)
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Vec<RunKind>,

    /// Only this status (repeatable)
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) status: Vec<RunStatus>,

    /// Only this name: a job's type
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Only with this label (repeatable: with all of them)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) label: Vec<(String, String)>,

    /// Only with this text in the name or in a label, or at the beginning of the id
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,

    /// Only children of this run
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<String>,

    /// Only submitted at this time or later, such as 2030-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) since: Option<Timestamp>,

    /// Only submitted before this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) until: Option<Timestamp>,

    /// At most so many
    #[arg(long, value_name = "N", default_value = "20")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub(crate) limit: u32,

    /// Only runs that are older than this one: where the list before ended
    #[arg(long, value_name = "ID")]
    pub(crate) cursor: Option<String>,

    #[command(flatten)]
    pub(crate) address: Address,

    /// Print the server's JSON, one run a line, instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// One run to look at.
#[derive(Debug, Args)]
pub(crate) struct OneRun {
    /// Its id, or the beginning of it: at least eight characters
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Runs to act on.
#[derive(Debug, Args)]
pub(crate) struct RunIds {
    /// Their ids, or the beginnings of them: at least eight characters
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Follow a run's events and output, and end as it ended
///
/// The output comes to standard output and standard error, events come to standard error. When the server or
/// the connection goes away it reconnects and goes on where it stopped.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  playhouse run watch 0199f2c4-8b1e

{}", exit::help()))]
pub(crate) struct WatchRun {
    #[command(flatten)]
    pub(crate) run: OneRun,

    #[command(flatten)]
    pub(crate) reconnect: Reconnect,
}

/// Save what a run left
///
/// A file is replaced only once all of the artefact is there and has its hash.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse run download 0199f2c4-8b1e report/index.html
  playhouse run download 0199f2c4-8b1e result.json -o - | jq .
  playhouse run download 0199f2c4-8b1e --all ./artefacts")]
pub(crate) struct Download {
    /// Its id, or the beginning of it: at least eight characters
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Name of the artefact
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub(crate) name: Option<String>,

    /// Where to save it; `-` prints it [default: the last part of its name, in this directory]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Save all artefacts in this directory, under their names
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "output"])]
    pub(crate) all: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) address: Address,
}
