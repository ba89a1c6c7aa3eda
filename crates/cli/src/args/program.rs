//! The whole command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{
    ApprovalArgs, Audit, Backup, ClientArgs, Completions, CredentialArgs, Dev, Doctor, Events,
    Executor, HookArgs, Job, KeyArgs, PlaybookArgs, PlaygroundArgs, PlayspecArgs, PluginArgs,
    PluginJob, RunArgs, ScheduleArgs, Server, VaultArgs, values,
};
use crate::{exit, logging::LogFormat};

const EXAMPLES: &str = "\
Examples:
  playhouse dev                                   try it: server, executor and a demo job
  playhouse job submit ./program -- --fast        run a program, watch it, end as it ended
  playhouse job list --status failed              what went wrong lately
  playhouse job list --json | jq -r '.[].id'      for scripts

Every setting has one name in three spellings: the flag `--data-dir`, the environment variable
PLAYHOUSE_DATA_DIR and the key `data_dir` of the settings file. A flag wins over the environment,
which wins over the file.";

/// A durable job queue in one binary: server, executor and command line.
#[derive(Debug, Parser)]
#[command(
    name = "playhouse",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Try `playhouse dev`, or `playhouse help COMMAND` for one command.",
    after_long_help = format!("{EXAMPLES}\n\n{}", exit::help())
)]
pub(crate) struct Program {
    #[command(subcommand)]
    pub(crate) command: ProgramCommand,

    /// Settings file [default: $XDG_CONFIG_HOME/playhouse/config.toml]
    #[arg(long, global = true, env = "PLAYHOUSE_CONFIG", value_name = "FILE")]
    #[arg(help_heading = "Global options", hide_short_help = true)]
    pub(crate) config: Option<PathBuf>,

    /// Log level or directives, such as `debug` or `info,server=debug`
    /// [default: info for server and executor, else warn]
    #[arg(long, global = true, env = "PLAYHOUSE_LOG", value_name = "FILTER")]
    #[arg(value_parser = values::log_filter)]
    #[arg(help_heading = "Global options", hide_short_help = true)]
    pub(crate) log: Option<String>,

    /// How log lines look
    #[arg(
        long,
        global = true,
        env = "PLAYHOUSE_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    #[arg(
        value_enum,
        default_value = "text",
        help_heading = "Global options",
        hide_short_help = true
    )]
    pub(crate) log_format: LogFormat,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum ProgramCommand {
    Dev(Dev),
    Server(Server),
    Executor(Executor),
    /// Submit, watch and steer jobs
    #[command(subcommand, visible_alias = "jobs")]
    Job(Job),
    /// Submit, watch and cancel plugin jobs: plugins over an input
    #[command(subcommand, visible_alias = "plugin-jobs")]
    PluginJob(PluginJob),
    /// List, check and run playbooks
    #[command(subcommand, visible_alias = "playbooks")]
    Playbook(PlaybookArgs),
    /// Bring up Compose environments, follow, change and destroy them
    #[command(subcommand, visible_alias = "playgrounds")]
    Playground(PlaygroundArgs),
    /// List, check and change the blueprints of playgrounds
    #[command(subcommand, visible_alias = "playspecs")]
    Playspec(PlayspecArgs),
    /// See what playbooks ask people, and answer
    #[command(subcommand, visible_alias = "approvals")]
    Approval(ApprovalArgs),
    /// Start playbooks by the clock
    #[command(subcommand, visible_alias = "schedules")]
    Schedule(ScheduleArgs),
    /// List, watch and steer runs of every kind
    #[command(subcommand, visible_alias = "runs")]
    Run(RunArgs),
    /// List, check, install and try plugins, without a server
    #[command(subcommand, visible_alias = "plugins")]
    Plugin(PluginArgs),
    Events(Events),
    /// List the executors that the server knows
    #[command(after_help = "Examples:\n  playhouse executors\n  playhouse executors --json")]
    Executors(ClientArgs),
    /// Count jobs by status and priority
    #[command(after_help = "Examples:\n  playhouse stats\n  playhouse stats --json")]
    Stats(ClientArgs),
    /// Make, list and revoke keys
    #[command(subcommand, visible_alias = "keys")]
    Key(KeyArgs),
    /// Save, list and delete credentials for playbooks
    #[command(subcommand, visible_alias = "credentials")]
    Credential(CredentialArgs),
    /// Replace the key that secrets are sealed with
    #[command(subcommand)]
    Vault(VaultArgs),
    /// Send events to URLs: webhooks
    #[command(subcommand, visible_alias = "hooks")]
    Hook(HookArgs),
    /// See who did what, and verify that nothing of it was changed
    #[command(subcommand)]
    Audit(Audit),
    Doctor(Doctor),
    Backup(Backup),
    Completions(Completions),
}
