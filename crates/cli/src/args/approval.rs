//! `approval …`.

use clap::{Args, Subcommand};

use super::{Address, ClientArgs};

/// The commands on approvals.
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalArgs {
    List(ListApprovals),
    /// Show one approval with its answers
    #[command(
        after_help = "Examples:\n  playhouse approval show 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3"
    )]
    Show(OneApproval),
    /// Approve, with what the approval asks to fill in
    #[command(after_help = "\
Examples:
  playhouse approval approve 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse approval approve 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --input '{\"version\": \"1.4\"}'")]
    Approve(Approve),
    /// Reject: the step that asks fails
    #[command(after_help = "\
Examples:
  playhouse approval reject 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3 --comment 'not on a Friday'")]
    Reject(Reject),
}

/// List the approvals that are open, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse approval list
  playhouse approval list --mine --json | jq -r '.[].id'")]
pub(crate) struct ListApprovals {
    /// Only those of this execution
    #[arg(long, value_name = "ID")]
    pub(crate) execution: Option<String>,

    /// Only those that you may answer
    #[arg(long)]
    pub(crate) mine: bool,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// One approval.
#[derive(Debug, Args)]
pub(crate) struct OneApproval {
    /// Its id
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// How one is approved.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// Its id
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// What is filled in, as JSON
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub(crate) input: Option<serde_json::Value>,

    /// What there is to say besides
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) address: Address,
}

/// How one is rejected.
#[derive(Debug, Args)]
pub(crate) struct Reject {
    /// Its id
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) address: Address,
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}
