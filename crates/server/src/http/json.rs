//! Reads JSON bodies: bounded in length and nesting, and a refusal names the field.

use axum::extract::Request;
use serde::de::DeserializeOwned;

use crate::{
    http::body::{self, offload},
    refusal::{Refusal, shorten},
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
    if is_deeper(bytes, depth) {
        let message = format!("malformed JSON: it is nested deeper than {depth} levels");
        return Err(Refusal::bad_request(message));
    }
    // The path to the field is worth its cost only when something is wrong.
    serde_json::from_slice(bytes).map_err(|_| refuse::<T>(bytes))
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

fn refuse<T: DeserializeOwned>(bytes: &[u8]) -> Refusal {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut parser) else {
        return Refusal::bad_request("malformed JSON: something follows the value");
    };
    let path = error.path().to_string();
    let cause = error.into_inner();
    let (line, column) = (cause.line(), cause.column());
    let message = cause.to_string();
    // A number that is too large for any type is well-formed JSON.
    if !cause.is_data() && !message.starts_with("number out of range") {
        return Refusal::bad_request(shorten(&format!("malformed JSON: {message}")))
            .about("line", line)
            .about("column", column);
    }
    let named = named(&message);
    let (index, rest) = split_index(&path);
    let field = match (rest, named) {
        ("" | ".", Some(named)) => named.to_owned(),
        ("" | ".", None) => "body".to_owned(),
        (rest, Some(named)) if !rest.ends_with(named) => format!("{rest}.{named}"),
        (rest, _) => rest.to_owned(),
    };
    let error = Refusal::field(field, message);
    match index {
        Some(index) => error.about("index", index),
        None => error,
    }
}

/// A field that is missing or there twice: it is not on the path, but in the message.
pub(crate) fn named(message: &str) -> Option<&str> {
    let rest = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start))?;
    rest.split('`').next()
}

/// `[3].type` is field `type` of item 3.
fn split_index(path: &str) -> (Option<u64>, &str) {
    let Some((index, rest)) = path.strip_prefix('[').and_then(|path| path.split_once(']')) else {
        return (None, path);
    };
    (index.parse().ok(), rest.trim_start_matches('.'))
}
