//! What the answers of scripts and the refusals of the browser mean.

use serde_json::Value;

use crate::{deadline::Deadline, error::BrowserError};

/// Refusals which say that the document has gone that a call was meant for. The next one may be there.
const STALE: [&str; 9] = [
    "Argument should belong to the same JavaScript world",
    "Cannot find context with specified id",
    "Cannot find default execution context",
    "Could not find object with given id",
    "Execution context was destroyed",
    "Frame with the given id was not found",
    "Inspected target navigated or closed",
    "No frame for given id found",
    "Promise was collected",
];

/// True when a call may succeed in the next document.
pub(crate) fn is_stale(error: &BrowserError) -> bool {
    match error {
        BrowserError::Refused { message, .. } => STALE.iter().any(|part| message.contains(part)),
        _ => false,
    }
}

/// The value that a script has answered with, or what it threw.
pub(crate) fn value_of(mut answer: Value) -> Result<Value, BrowserError> {
    if let Some(details) = answer.get("exceptionDetails") {
        return Err(BrowserError::Script(exception_text(details)));
    }
    Ok(answer["result"]["value"].take())
}

/// An exception in words: its message, without the stack.
pub(crate) fn exception_text(details: &Value) -> String {
    let exception = &details["exception"];
    let described = exception["description"].as_str();
    let valued = || exception.get("value").map(Value::to_string);
    let text = described.map(String::from).or_else(valued);
    let text = text.unwrap_or_else(|| String::from(details["text"].as_str().unwrap_or("unknown")));
    match text.split_once("\n    at ") {
        Some((message, _)) => String::from(message),
        None => text,
    }
}

/// A page that does not answer in time is busy: its scripts run and do not end.
pub(crate) fn name_timeout(
    answer: Result<Value, BrowserError>,
    deadline: &Deadline,
    what: &str,
) -> Result<Value, BrowserError> {
    match answer {
        Err(BrowserError::Timeout { .. }) => Err(deadline.passed(
            what,
            "the page does not answer: a script of it runs and does not end, or it still loads",
        )),
        answer => answer,
    }
}
