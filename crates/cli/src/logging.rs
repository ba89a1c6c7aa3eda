//! The process's own log, on standard error.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::exit::Failure;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log. `filter` is a level (`warn`, `debug`, …) or directives such as
/// `info,server=debug`; without one, `default` is.
pub(crate) fn start(filter: Option<&str>, default: &str, format: LogFormat) -> Result<(), Failure> {
    let filter = filter.unwrap_or(default);
    let directives = EnvFilter::try_new(filter).map_err(|error| {
        Failure::usage(format!("invalid value '{filter}' for '--log': {error}"))
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(directives)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
