//! `audit …`.

use clap::{Args, Subcommand};

use super::{Format, KeyPlace};

/// The commands on the audit.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    List(ListAudit),
    Verify(VerifyAudit),
}

/// List who did what to what, from where, newest first
///
/// What was refused or failed is counted and written down once a minute: TIMES says how often.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse audit list
  playhouse audit list --action 'key.*' --since 2026-01-01T00:00:00Z
  playhouse audit list --target 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse audit list --after 0 --limit 1000000 --json > audit.jsonl")]
pub(crate) struct ListAudit {
    /// Only entries of the key with this id or this name
    #[arg(long, value_name = "WHO")]
    pub(crate) actor: Option<String>,

    /// Only this action, such as `job.submit`; `*` at its end stands for anything
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,

    /// Only acts on this job, key or hook
    #[arg(long, value_name = "ID")]
    pub(crate) target: Option<String>,

    /// Only what was done, was not allowed, or was allowed and did not come about
    #[arg(long, value_name = "OUTCOME", value_parser = ["ok", "refused", "failed"])]
    pub(crate) outcome: Option<String>,

    /// Only from this time on, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,

    /// Only before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,

    /// Oldest first, lines with a higher number
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) after: Option<i64>,

    /// At most so many
    #[arg(long, value_name = "N", default_value = "50")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,

    #[command(flatten)]
    pub(crate) at: KeyPlace,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Verify that every line of the audit is there and as it was written
///
/// Prints how many lines there are, and number and hash of the newest. Keep these elsewhere: with access
/// to the database the whole chain can be rewritten, and only the kept hash shows it. Ends with 1 when
/// the chain is broken, and says where.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  playhouse audit verify\n  playhouse audit verify --json")]
pub(crate) struct VerifyAudit {
    #[command(flatten)]
    pub(crate) at: KeyPlace,

    #[command(flatten)]
    pub(crate) format: Format,
}
