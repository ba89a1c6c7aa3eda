//! The process's own log, on standard error.

use clap::ValueEnum;
use tracing_subscriber::{
    EnvFilter,
    filter::{Directive, LevelFilter, ParseError},
};

use crate::exit::Failure;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A level (`warn`, `debug`, …), or directives such as `info,server=debug`.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, String> {
    for directive in text.split(',').map(str::trim) {
        // A lone word that is not a level would be taken for an unknown part of the program,
        // and all else would be silent.
        if !directive.contains(['=', '[']) && directive.parse::<LevelFilter>().is_err() {
            return Err(format!(
                "`{directive}` is not a level: they are off, error, warn, info, debug and trace; \
                 for one part of the program write PART=LEVEL, such as server=debug"
            ));
        }
    }
    let filter = EnvFilter::try_new(text).map_err(|error| error.to_string())?;
    // Below this it writes down the values of every statement, secrets among them.
    let quiet: Directive = "tokio_postgres=info"
        .parse()
        .map_err(|error: ParseError| error.to_string())?;
    Ok(filter.add_directive(quiet))
}

/// Starts the log.
pub(crate) fn start(text: &str, format: LogFormat) -> Result<(), Failure> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(text).map_err(Failure::usage)?)
        .with_writer(std::io::stderr)
        // It would tell of a line that it cannot write where it cannot write, and break off whatever
        // wrote the line: a full disk must not end a server whose log is a file on it.
        .log_internal_errors(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
