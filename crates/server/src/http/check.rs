//! Checks of values that several routes take.

use crate::refusal::Refusal;

/// Longest name that we take, in bytes.
const NAME_LIMIT: usize = 255;

/// A name that a caller gives: not empty, not too long, no control characters.
pub(crate) fn name(field: &str, text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(Refusal::field(field, format!("{field} must not be empty")));
    }
    optional_name(field, text)
}

/// The same, but it may be empty.
pub(crate) fn optional_name(field: &str, text: &str) -> Result<(), Refusal> {
    let wrong = |message: String| Err(Refusal::field(field, message));
    if text.len() > NAME_LIMIT {
        return wrong(format!("{field} must have at most {NAME_LIMIT} bytes"));
    }
    if text.chars().any(char::is_control) {
        return wrong(format!("{field} must not contain control characters"));
    }
    Ok(())
}

/// The longest URL that we take, in bytes.
const URL_LIMIT: usize = 500;

/// An `http` or `https` URL.
pub(crate) fn http_url(field: &str, text: &str) -> Result<(), Refusal> {
    let is_http = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_http && text.len() <= URL_LIMIT {
        return Ok(());
    }
    let message = format!("{field} must be an http or https URL of at most {URL_LIMIT} bytes");
    Err(Refusal::field(field, message))
}
