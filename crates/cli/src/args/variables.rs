//! Variables of a program's environment.

use std::{env, ffi::OsString};

use super::values::pair;

/// A variable of the program's environment: `NAME=VALUE`, or `NAME` alone, whose value is the
/// caller's own.
pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    if text.contains('=') || text.is_empty() {
        return pair(text);
    }
    own_variable(text).map_err(|error| format!("{error}, or give its value as {text}=VALUE"))
}

/// A variable of the caller's own environment.
pub(super) fn own_variable(text: &str) -> Result<(String, String), String> {
    match env::var_os(text).map(OsString::into_string) {
        Some(Ok(value)) => Ok((text.to_owned(), value)),
        Some(Err(_)) => Err(format!(
            "the value of `{text}` in your environment is not UTF-8: set another one"
        )),
        None => Err(format!(
            "`{text}` is not set in your environment: set it there"
        )),
    }
}

/// `NAME=VARIABLE`: the value of a header is that of a variable of the caller's own environment.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let wrong =
        || "it must be NAME=VARIABLE: a header, and a variable of your environment".to_owned();
    let (name, variable) = text.split_once('=').ok_or_else(wrong)?;
    let (_, value) = own_variable(variable)?;
    Ok((name.to_owned(), value))
}
