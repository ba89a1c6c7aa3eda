//! What plugins are given.

use std::path::PathBuf;

use clap::Args;

/// An input for plugins, in one of two ways.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct InputArgs {
    /// File with the input, JSON; `-` reads standard input
    #[arg(long, short, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,

    /// The input is a text: this one; `@FILE` takes a file's, `-` that of standard input
    #[arg(long, value_name = "TEXT|@FILE|-", allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
}
