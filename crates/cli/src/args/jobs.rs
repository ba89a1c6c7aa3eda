//! What commands on jobs take, on binary jobs as on plugin jobs.

use clap::Args;

use super::{ClientArgs, Reconnect};

/// One job to look at.
#[derive(Debug, Args)]
pub(crate) struct OneJob {
    /// The job
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Jobs to act on.
#[derive(Debug, Args)]
pub(crate) struct Ids {
    /// The jobs
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Jobs to wait for.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    #[command(flatten)]
    pub(crate) ids: Ids,

    #[command(flatten)]
    pub(crate) reconnect: Reconnect,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PageArgs {
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
}

/// What becomes of a job once it is submitted.
#[derive(Debug, Args)]
pub(crate) struct Handover {
    /// Send the job's events to this URL
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Option<String>,

    /// Submitting again with this key within a day gives the same job
    #[arg(long, value_name = "KEY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) idempotency_key: Option<String>,

    /// Print the job's id and do not wait for it
    #[arg(long, short)]
    pub(crate) detach: bool,
}
