//! Data goes to standard output, messages to standard error. A closed pipe never panics.

use std::io::{self, Write};

use serde::Serialize;

use crate::{
    args::without_logins,
    exit::{Exit, Failure},
    table::Table,
};

/// Writes bytes to standard output as they are and flushes.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::output(&error))
}

/// Writes one line to standard output.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    print_bytes(format!("{line}\n").as_bytes())
}

/// Writes one JSON document on one line.
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(document)
        .map_err(|error| Failure::output(&io::Error::other(error)))?;
    print_line(&text)
}

/// Writes a table; of one without rows it says `empty`.
pub(crate) fn print_table(table: &Table, empty: &str) -> Result<Exit, Failure> {
    if table.has_rows() {
        print_bytes(table.text().as_bytes())?;
    } else {
        say(empty);
    }
    Ok(Exit::OK)
}

/// Writes bytes to standard error as they are: what a program printed there.
pub(crate) fn print_error_bytes(bytes: &[u8]) -> Result<(), Failure> {
    io::stderr()
        .lock()
        .write_all(bytes)
        .map_err(|error| Failure::output(&error))
}

/// Writes a message to standard error, without what is secret in URLs. A failure to write it is ignored.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", without_logins(message));
}
