//! Which jobs an executor is for.

use clap::Args;

use super::values;

/// What jobs may require of an executor, and how much of it they may count.
#[derive(Debug, Args)]
pub(crate) struct ForPlacement {
    /// Label that jobs may require, besides `os`, `arch` and `host`, which every executor has (repeatable; in the
    /// environment comma-separated)
    #[arg(
        long,
        env = "PLAYHOUSE_LABEL",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        value_parser = values::pair
    )]
    pub(crate) label: Vec<(String, String)>,

    /// Processor cores offered to jobs that count some [default: those of the machine]
    #[arg(long, env = "PLAYHOUSE_CPUS", value_name = "N", value_parser = values::cores)]
    pub(crate) cpus: Option<f64>,

    /// Memory offered to jobs that count some, in mebibytes [default: that of the machine]
    #[arg(long, env = "PLAYHOUSE_MEMORY_MB", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) memory_mb: Option<u64>,
}
