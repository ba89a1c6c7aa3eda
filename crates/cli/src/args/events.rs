//! `events`.

use clap::Args;

use super::{ClientArgs, Reconnect};

/// Follow what happens, live
///
/// Goes on until Ctrl-C, over lost connections and restarts of the server: no event is missed and
/// none comes twice.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse events
  playhouse events --types 'job.completed,job.failed'
  playhouse events --after 0 --json | jq -r .type")]
pub(crate) struct Events {
    /// Begin after the event of this number (0: with the oldest) instead of with the next one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    #[arg(allow_negative_numbers = true)]
    pub(crate) after: Option<i64>,

    /// Only these types, separated by commas; each `*` in one stands for anything
    #[arg(long, value_name = "TYPES")]
    pub(crate) types: Option<String>,

    /// Only this run
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,

    /// Only runs of this kind
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,

    #[command(flatten)]
    pub(crate) client: ClientArgs,

    #[command(flatten)]
    pub(crate) reconnect: Reconnect,
}
