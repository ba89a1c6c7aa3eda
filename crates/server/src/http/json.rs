//! Reads JSON bodies: bounded in length and nesting, and a refusal names the field, what came and what is
//! wanted.

mod bytes;
mod canonical;
mod field_error;
mod reader;
mod scan;

use axum::extract::Request;
use serde::de::{DeserializeOwned, IgnoredAny};

pub(crate) use canonical::hash;
pub(crate) use field_error::FieldError;
use reader::Reader;
use scan::Scanner;

use crate::{
    http::body::{self, offload},
    refusal::Refusal,
};

const MIB: usize = 1 << 20;
/// The largest body, unless the route says otherwise.
pub(crate) const BODY_LIMIT: usize = 16 * MIB;
/// The largest body of a finish.
pub(crate) const FINISH_LIMIT: usize = 32 * MIB;
/// The largest body of a bulk request.
pub(crate) const BULK_LIMIT: usize = 64 * MIB;
/// The deepest nesting of a body, also in fields that are not read.
const DEPTH_LIMIT: usize = 128;
/// The deepest nesting of what is passed on within other values, which our own readers take to the
/// limit above.
pub(crate) const HANDED_ON_DEPTH_LIMIT: usize = 100;

/// A JSON body of at most `limit` bytes.
pub(crate) async fn read<T>(request: Request, limit: usize) -> Result<T, Refusal>
where
    T: DeserializeOwned + Send + 'static,
{
    let bytes = body::read_json(request, limit).await?;
    offload(bytes.len(), move || parse(&bytes)).await
}

/// Parses a JSON body; a refusal names the field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    parse_within(bytes, DEPTH_LIMIT)
}

/// The same, of a body that is nested at most so deep.
pub(crate) fn parse_within<T: DeserializeOwned>(bytes: &[u8], depth: usize) -> Result<T, Refusal> {
    let bytes = without_mark(bytes);
    if is_deeper(bytes, depth) {
        let message = format!("malformed JSON: it is nested deeper than {depth} levels");
        return Err(Refusal::bad_request(message));
    }
    // Most bodies are as they should be, and numbers are written plainly.
    serde_json::from_slice(bytes).or_else(|_| read_slowly(bytes))
}

/// Reads a value that stands in a field of something that was read before.
pub(crate) fn parse_field<T: DeserializeOwned>(
    field: &str,
    value: &serde_json::Value,
) -> Result<T, Refusal> {
    let text = value.to_string();
    parse(text.as_bytes()).map_err(|refusal: Refusal| {
        let inner = refusal.field.clone().filter(|inner| inner != "body");
        let name = inner.map_or_else(|| field.to_owned(), |inner| format!("{field}.{inner}"));
        Refusal::field(name, refusal.message)
    })
}

/// The bytes without the mark of the byte order that some editors put at the beginning, as RFC 8259 allows.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Reads what the quick way does not take, and says what is wrong with it.
fn read_slowly<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        return Err(malformed(bytes, &error));
    }
    T::deserialize(Reader(&mut Scanner::new(bytes))).map_err(FieldError::refuse)
}

fn malformed(bytes: &[u8], error: &serde_json::Error) -> Refusal {
    let why = if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        "it is UTF-16, and must be UTF-8"
    } else if bytes.trim_ascii().is_empty() {
        "there is none"
    } else if error.is_eof() {
        "it ends too early"
    } else {
        reason(&error.to_string())
    };
    Refusal::bad_request(format!("malformed JSON: {why}"))
        .about("line", error.line())
        .about("column", error.column())
}

/// Why a text is no JSON, in our words.
fn reason(message: &str) -> &'static str {
    let reasons = [
        ("trailing characters", "something follows the value"),
        ("trailing comma", "a comma follows the last item"),
        (
            "key must be a string",
            "a name in double quotes must stand here",
        ),
        ("expected `:`", "a colon must follow a name"),
        ("expected `,`", "a comma or the end must follow a value"),
        (
            "control character",
            "a string has a control character that is not escaped",
        ),
        (
            "invalid escape",
            "a string has an escape that does not exist",
        ),
        (
            "lone leading surrogate",
            "a string has half of a pair of surrogates",
        ),
        (
            "unexpected end of hex escape",
            "a string has half of a pair of surrogates",
        ),
        ("invalid unicode", "a string is not UTF-8"),
        ("invalid number", "a number is not written as JSON has it"),
        ("number out of range", "a number is too large"),
    ];
    let mut found = reasons
        .iter()
        .filter(|(start, _)| message.starts_with(start));
    found
        .next()
        .map_or("a value must stand here", |(_, reason)| reason)
}

/// Whether brackets are nested deeper. Most bodies do not even have so many.
fn is_deeper(bytes: &[u8], limit: usize) -> bool {
    let opening = |byte: &&u8| matches!(byte, b'[' | b'{');
    if bytes.iter().filter(opening).count() <= limit {
        return false;
    }
    let (mut depth, mut text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'[' | b'{' if !text => depth += 1,
            b']' | b'}' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}
