//! `executor`, and the executor inside `server` and `dev`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use executor::{AllowedPath, FetchRule, JobIdRange};
use ipnet::IpNet;

use super::{Address, ForDocker, ForPlacement, PluginsPlace, Secret, Tracing, secret, values};

/// How far a job is shut in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolation {
    /// Its whole process tree is watched and killed, nothing else
    None,
    /// As far as this machine allows, without touching the network
    Standard,
    /// Everything, without network; a job does not start when a part cannot be applied
    Strict,
}

/// Run an executor: it claims jobs from a server and runs them here
///
/// SIGTERM, SIGHUP and Ctrl-C drain it: it takes no new jobs and waits for the running ones. A second
/// SIGTERM or Ctrl-C ends it at once; its jobs then start again elsewhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse executor
  playhouse executor --server http://127.0.0.1:8080 --name builder-1 --slots 8
  PLAYHOUSE_JOIN=join_... playhouse executor --server https://play.example --name builder-1
  playhouse executor --isolation strict --memory-limit 2G --cpu-limit 1.5")]
pub(crate) struct Executor {
    #[command(flatten)]
    pub(crate) tracing: Tracing,

    #[command(flatten)]
    pub(crate) address: Address,

    /// Name that the server and people know it by; every executor needs its own
    /// [default: the host name]
    #[arg(long, env = "PLAYHOUSE_NAME", value_name = "NAME", value_parser = values::name)]
    pub(crate) name: Option<String>,

    /// Token to join with, from `playhouse key join-token`: it is traded once for a key of this
    /// executor's own, so that a restart needs none. Others on this machine can see a command line:
    /// better set PLAYHOUSE_JOIN
    #[arg(long, env = "PLAYHOUSE_JOIN", value_name = "TOKEN", value_parser = secret::secret)]
    pub(crate) join: Option<Secret>,

    /// Where the key is kept that it joined with [default: $XDG_STATE_HOME/playhouse/NAME]
    #[arg(long, env = "PLAYHOUSE_STATE_DIR", value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Where downloaded programs and files are kept [default: $XDG_CACHE_HOME/playhouse/NAME/cache]
    #[arg(long, env = "PLAYHOUSE_CACHE_DIR", value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Where jobs work; emptied at the start [default: $XDG_CACHE_HOME/playhouse/NAME/work]
    #[arg(long, env = "PLAYHOUSE_WORK_DIR", value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) work: Work,
}

/// What an executor gives to jobs.
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// How many jobs run at once [default: the number of processor cores]
    #[arg(long, env = "PLAYHOUSE_SLOTS", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) slots: Option<u32>,

    /// How many runs are claimed beyond the slots, so that a free slot need not wait for the server.
    /// Their attempts and time limits begin at the claim; good for many short jobs
    #[arg(
        long,
        env = "PLAYHOUSE_PREFETCH",
        value_name = "N",
        default_value = "0"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) prefetch: u32,

    /// How far jobs are shut in; see `playhouse doctor` for what this machine allows
    #[arg(long, env = "PLAYHOUSE_ISOLATION", value_name = "LEVEL")]
    #[arg(value_enum, default_value = "standard")]
    pub(crate) isolation: Isolation,

    /// The longest unused programs and files are removed above this size
    #[arg(
        long,
        env = "PLAYHOUSE_CACHE_LIMIT",
        value_name = "SIZE",
        default_value = "4G"
    )]
    #[arg(value_parser = values::bytes)]
    pub(crate) cache_limit: u64,

    /// Directory whose files playbooks may send; without it they can send none
    #[arg(long, env = "PLAYHOUSE_FILES_DIR", value_name = "DIR")]
    pub(crate) files_dir: Option<PathBuf>,

    /// Program of Chromium for browser steps [default: looked for in PATH by its usual names]
    #[arg(long, env = "PLAYHOUSE_BROWSER", value_name = "FILE")]
    pub(crate) browser: Option<PathBuf>,

    /// How long the page of a paused execution stays open
    #[arg(
        long,
        env = "PLAYHOUSE_BROWSER_KEEP",
        value_name = "DURATION",
        default_value = "30m"
    )]
    #[arg(value_parser = values::duration)]
    pub(crate) browser_keep: Duration,

    /// Network that steps of playbooks, and the pages that they open, may reach; without it all but link-local ones, where clouds have
    /// their metadata services (repeatable; in the environment comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_ALLOW_ADDRESS",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = values::network
    )]
    pub(crate) allow_address: Vec<IpNet>,

    /// From where programs and files are fetched, beside the server itself: `any` but link-local addresses, the
    /// `public` internet, or a network (repeatable; in the environment comma-separated)
    /// [default: any; with strict isolation public]
    #[arg(
        long,
        env = "PLAYHOUSE_ALLOW_FETCH",
        value_name = "any|public|CIDR",
        value_delimiter = ',',
        value_parser = values::fetch_rule
    )]
    pub(crate) allow_fetch: Vec<FetchRule>,

    /// Network that they may not reach, also within an allowed one (repeatable; in the
    /// environment comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_DENY_ADDRESS",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = values::network
    )]
    pub(crate) deny_address: Vec<IpNet>,

    /// Largest program or file that is fetched
    #[arg(
        long,
        env = "PLAYHOUSE_DOWNLOAD_LIMIT",
        value_name = "SIZE",
        default_value = "4G"
    )]
    #[arg(value_parser = values::bytes)]
    pub(crate) download_limit: u64,

    /// How many artefacts of one job are kept: files that it leaves in $OUTPUT_DIR
    #[arg(
        long,
        env = "PLAYHOUSE_ARTIFACT_COUNT",
        value_name = "N",
        default_value = "1000"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) artifact_count: u32,

    /// How many bytes of artefacts of one job are kept
    #[arg(
        long,
        env = "PLAYHOUSE_ARTIFACT_SIZE",
        value_name = "SIZE",
        default_value = "1G"
    )]
    #[arg(value_parser = values::bytes)]
    pub(crate) artifact_size: u64,

    /// How long a job that is to end may take after SIGTERM; then its processes are killed
    #[arg(
        long,
        env = "PLAYHOUSE_CANCEL_GRACE",
        value_name = "DURATION",
        default_value = "10s"
    )]
    #[arg(value_parser = values::duration)]
    pub(crate) cancel_grace: Duration,

    /// How long running jobs may go on when this process is to stop; then they are released
    /// [default: 1h; in server and dev 10s]
    #[arg(long, env = "PLAYHOUSE_DRAIN_GRACE", value_name = "DURATION")]
    #[arg(value_parser = values::duration)]
    pub(crate) drain_grace: Option<Duration>,

    /// Memory of one job [default: no limit]
    #[arg(long, env = "PLAYHOUSE_MEMORY_LIMIT", value_name = "SIZE", value_parser = values::bytes)]
    pub(crate) memory_limit: Option<u64>,

    /// Processor cores of one job [default: no limit]
    #[arg(long, env = "PLAYHOUSE_CPU_LIMIT", value_name = "CORES", value_parser = values::cores)]
    pub(crate) cpu_limit: Option<f64>,

    /// Processes and threads of one job
    #[arg(
        long,
        env = "PLAYHOUSE_PIDS_LIMIT",
        value_name = "N",
        default_value = "16384"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4_194_304))]
    pub(crate) pids_limit: u32,

    /// Largest file that a job may write; a program that goes on writing is killed by SIGXFSZ
    /// [default: no limit]
    #[arg(long, env = "PLAYHOUSE_FILE_LIMIT", value_name = "SIZE", value_parser = values::bytes)]
    pub(crate) file_limit: Option<u64>,

    /// How much one job may have in its work directory, as measured every second or seldomer; it is killed with more
    /// [default: no limit]
    #[arg(long, env = "PLAYHOUSE_WORK_LIMIT", value_name = "SIZE", value_parser = values::bytes)]
    pub(crate) work_limit: Option<u64>,

    /// Path that jobs see besides the system's directories, read-only or with `:rw` writable as far as
    /// their user may (repeatable; in the environment comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_ALLOW_PATH",
        value_name = "PATH[:rw]",
        value_delimiter = ','
    )]
    pub(crate) allow_path: Vec<AllowedPath>,

    /// Device file that jobs may use, or a directory of such, as /dev/dri (repeatable; in the environment
    /// comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_ALLOW_DEVICE",
        value_name = "PATH",
        value_delimiter = ',',
        value_parser = values::device
    )]
    pub(crate) allow_device: Vec<PathBuf>,

    /// File or directory that no job sees, wherever it stands, such as the data directory of another server below
    /// /opt (repeatable; in the environment comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_HIDE_PATH",
        value_name = "PATH",
        value_delimiter = ','
    )]
    pub(crate) hide_path: Vec<PathBuf>,

    /// Ids of users and groups that nothing else on this machine has: run as root, the executor starts
    /// each job as one of them
    #[arg(long, env = "PLAYHOUSE_JOB_IDS", value_name = "FIRST:COUNT")]
    #[arg(default_value_t)]
    pub(crate) job_ids: JobIdRange,

    #[command(flatten)]
    pub(crate) placement: ForPlacement,

    #[command(flatten)]
    pub(crate) plugins: ForPlugins,

    #[command(flatten)]
    pub(crate) docker: ForDocker,
}

/// Which plugins an executor has.
#[derive(Debug, Args)]
pub(crate) struct ForPlugins {
    /// Perform no plugin jobs
    #[arg(long, env = "PLAYHOUSE_NO_PLUGINS", value_parser = BoolishValueParser::new())]
    pub(crate) no_plugins: bool,

    /// Never run this plugin; may be repeated
    #[arg(
        long,
        env = "PLAYHOUSE_WITHOUT_PLUGIN",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub(crate) without_plugin: Vec<String>,

    #[command(flatten)]
    pub(crate) place: PluginsPlace,
}

/// The executor inside `server` and `dev`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Built-in executor")]
pub(crate) struct BuiltIn {
    #[command(flatten)]
    pub(crate) work: Work,
}
