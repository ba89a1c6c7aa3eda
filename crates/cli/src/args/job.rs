//! `job …`.

use std::path::PathBuf;

use clap::{
    Args, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use wire::jobs::Stream;

use super::{
    Address, ClientArgs, Handover, Ids, Moment, OneJob, PageArgs, Reconnect, Wait, addresses,
    values, variables,
};
use crate::exit;

/// Which job goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Priority {
    /// Before the others
    Foreground,
    /// After foreground
    Background,
    /// When nothing else waits
    BestEffort,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    /// Waits for an executor
    Pending,
    /// Runs
    Running,
    /// Its program exited with 0
    Completed,
    /// It ended in another way
    Failed,
    /// It was cancelled
    Cancelled,
}

/// The commands on jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    Submit(Box<Submit>),
    /// Show one job
    #[command(after_help = "\
Examples:
  playhouse job get 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse job get 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --json | jq -r .stdout")]
    Get(OneJob),
    List(List),
    Logs(Logs),
    /// Cancel pending jobs, stop running ones
    #[command(after_help = "\
Examples:
  playhouse job cancel 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse job list --status pending --json | jq -r '.[].id' | xargs playhouse job cancel")]
    Cancel(Ids),
    /// Start ended jobs again
    #[command(after_help = "\
Examples:
  playhouse job retry 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3")]
    Retry(Ids),
    /// Wait until jobs end, and end as they ended
    ///
    /// Prints a line for each job as it ends. The exit code is that of the first job, in the order
    /// given, that did not succeed; 0 when all did.
    #[command(after_help = format!("\
Examples:
  playhouse job wait 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  id=$(playhouse job submit --detach ./program) && playhouse job wait \"$id\"

{}", exit::help()))]
    Wait(Wait),
}

/// Run a program as a job and watch it
///
/// Uploads the program, submits it and follows its output: what it prints to standard output and
/// standard error comes out there. The command then ends as the program ended. When the server or
/// the connection goes away it reconnects and goes on where it stopped. Ctrl-C stops watching; the
/// job goes on.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  playhouse job submit ./program -- --input data.csv
  playhouse job submit ./convert.sh --file data/input.csv=./march.csv
  playhouse job submit ./nightly.sh --timeout 1h --max-attempts 5 --retry --label team=data
  id=$(playhouse job submit --detach ./program)
  playhouse job submit --require arch=aarch64 --cpus 2 ./build.sh
  printf '#!/bin/sh\necho hello\n' | playhouse job submit -
  playhouse job submit --url https://example.com/tool --sha256 HEX -- --version

{}", exit::help()))]
pub(crate) struct Submit {
    /// The program: a binary, or a script with a `#!` line; `-` for one on standard input
    #[arg(
        value_name = "PROGRAM",
        required_unless_present = "url",
        conflicts_with = "url"
    )]
    pub(crate) program: Option<PathBuf>,

    /// Arguments of the program, as they are: no shell is involved
    #[arg(value_name = "ARG", last = true)]
    pub(crate) arguments: Vec<String>,

    /// Executors fetch the program from here, instead of an upload
    #[arg(long, value_name = "URL", requires = "sha256", value_parser = addresses::http_url)]
    pub(crate) url: Option<String>,

    /// SHA-256 of the program at `--url`
    #[arg(long, value_name = "HEX", requires = "url", value_parser = values::sha256)]
    pub(crate) sha256: Option<String>,

    /// Header for the download of `--url`, sent to its server alone and shown like any field of the job (repeatable)
    #[arg(long, value_name = "NAME=VALUE", requires = "url", value_parser = values::pair)]
    pub(crate) header: Vec<(String, String)>,

    /// The same with a secret value, which is taken from your own environment and never shown, such as
    /// `Authorization=MY_TOKEN_HEADER` (repeatable)
    #[arg(long, value_name = "NAME=VARIABLE", requires = "url", value_parser = variables::header)]
    pub(crate) secret_header: Vec<(String, String)>,

    /// What the program is called, to itself [default: its file name, or the last part of `--url`]
    #[arg(long, value_name = "NAME")]
    pub(crate) program_name: Option<String>,

    /// Type of the job, a name without white space [default: the program's file name]
    #[arg(long = "type", short = 't', value_name = "TYPE", value_parser = values::job_type)]
    pub(crate) job_type: Option<String>,

    /// Which jobs go first [default: foreground, with --detach background]
    #[arg(long, short, value_enum, value_name = "PRIORITY")]
    pub(crate) priority: Option<Priority>,

    /// Environment variable of the program (repeatable); NAME alone takes the value from your own
    /// environment. The program gets no others but PATH, HOME, TMPDIR
    #[arg(long, short, value_name = "NAME[=VALUE]", value_parser = variables::variable)]
    pub(crate) env: Vec<(String, String)>,

    /// Variable whose value is secret, taken from your own environment: it is never shown, and masked in what the
    /// program prints (repeatable)
    #[arg(long, value_name = "NAME", value_parser = variables::own_variable)]
    pub(crate) secret_env: Vec<(String, String)>,

    /// Path or device, of those that the executor lets jobs reach, that this job is to reach, with `:rw` to write
    /// there (repeatable) [default: all of them]
    #[arg(long, value_name = "PATH[:rw]")]
    pub(crate) allow: Vec<String>,

    /// End an attempt as failed so long after its claim, such as 30s or 2h
    #[arg(long, value_name = "DURATION", value_parser = values::whole_seconds)]
    pub(crate) timeout: Option<u64>,

    /// Give up after so many lost and failed attempts [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_attempts: Option<u32>,

    /// Try again, after a growing wait, when the program fails
    #[arg(long)]
    pub(crate) retry: bool,

    /// Lay a file of this machine, or what a URL has, into the job's directory under this name, read-only
    /// (repeatable)
    #[arg(long, value_name = "NAME=PATH|URL", value_parser = values::pair)]
    pub(crate) file: Vec<(String, String)>,

    /// Label that the executor must have: `os`, `arch`, `host` or one that it was given (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) require: Vec<(String, String)>,

    /// Processor cores that it counts of those that its executor offers, such as 1.5
    #[arg(long, value_name = "N", value_parser = values::cores)]
    pub(crate) cpus: Option<f64>,

    /// Memory that it counts of what its executor offers, in mebibytes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) memory_mb: Option<u64>,

    /// A name of your own for the job (repeatable)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) label: Vec<(String, String)>,

    /// Do not start it before this time, such as 2030-01-31T12:00:00Z, or before so long, such as 1h
    #[arg(long, value_name = "TIME|DURATION", value_parser = values::moment)]
    pub(crate) not_before: Option<Moment>,

    #[command(flatten)]
    pub(crate) handover: Handover,

    /// Print the job as JSON when it has ended (with --detach: what the server answered) instead
    /// of its output
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) reconnect: Reconnect,
}

/// List jobs, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse job list --status failed --limit 20
  playhouse job list --label team=data --label stage=nightly
  playhouse job list --type nightly.sh --json | jq -r '.[].id'")]
pub(crate) struct List {
    /// Only this status
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) status: Option<Status>,

    /// Only this type
    #[arg(long = "type", short = 't', value_name = "TYPE")]
    pub(crate) job_type: Option<String>,

    /// Only this priority
    #[arg(long, short, value_enum, value_name = "PRIORITY")]
    pub(crate) priority: Option<Priority>,

    /// Only with this label (repeatable: with all of them)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) label: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) page: PageArgs,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Print what a job printed
///
/// Its standard output comes to standard output and its standard error to standard error, unless
/// `--stream` asks for one of them, which then comes to standard output.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse job logs 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse job logs 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --follow
  playhouse job logs 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --stream stderr | less")]
pub(crate) struct Logs {
    /// The job
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Go on until the job ends
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// Only this stream
    #[arg(long, value_name = "STREAM", value_parser = streams())]
    pub(crate) stream: Option<Stream>,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) reconnect: Reconnect,
}

fn streams() -> impl TypedValueParser<Value = Stream> {
    PossibleValuesParser::new(["stdout", "stderr"]).map(|name| match name.as_str() {
        "stdout" => Stream::Stdout,
        _ => Stream::Stderr,
    })
}
