//! Reading requests so that whatever is wrong with them is answered in this contract's form.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
};
use engine::RunId;
use serde::de::DeserializeOwned;
use wire::Object;

use super::{Error, check};
use crate::body::{self, offload};

const MIB: usize = 1 << 20;
/// The largest body, unless the route says otherwise.
pub(crate) const BODY_LIMIT: usize = 16 * MIB;
/// The largest body of a finish.
pub(crate) const FINISH_LIMIT: usize = 32 * MIB;
/// The largest body of a bulk request.
pub(crate) const BULK_LIMIT: usize = 64 * MIB;
/// The deepest nesting of a body, also in fields that nobody reads.
const DEPTH_LIMIT: usize = 128;
/// The deepest nesting of what is handed on within other values, which readers of ours take to the
/// limit above.
pub(crate) const HANDED_ON_DEPTH_LIMIT: usize = 100;

/// A JSON object of at most `LIMIT` bytes. The content type is not looked at: a client that forgets
/// it means JSON all the same.
pub(crate) struct Json<T, const LIMIT: usize = BODY_LIMIT>(pub(crate) T);

impl<T: DeserializeOwned + Send + 'static, S: Sync, const LIMIT: usize> FromRequest<S>
    for Json<T, LIMIT>
{
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let Object(value) = read_json(request, LIMIT).await?;
        Ok(Self(value))
    }
}

/// A JSON body of at most `limit` bytes.
pub(crate) async fn read_json<T>(request: Request, limit: usize) -> Result<T, Error>
where
    T: DeserializeOwned + Send + 'static,
{
    let bytes = body::read_json(request, limit).await?;
    offload(bytes.len(), move || parse(&bytes)).await
}

/// Parses a JSON body; a refusal names the field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    parse_within(bytes, DEPTH_LIMIT)
}

/// The same, of a body that is nested at most so deep.
pub(crate) fn parse_within<T: DeserializeOwned>(bytes: &[u8], depth: usize) -> Result<T, Error> {
    if is_deeper(bytes, depth) {
        let message = format!("malformed JSON: it is nested deeper than {depth} levels");
        return Err(Error::new(StatusCode::BAD_REQUEST, message));
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

fn refuse<T: DeserializeOwned>(bytes: &[u8]) -> Error {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut parser) else {
        return Error::new(
            StatusCode::BAD_REQUEST,
            "malformed JSON: something follows the value",
        );
    };
    let path = error.path().to_string();
    let cause = error.into_inner();
    let (line, column) = (cause.line(), cause.column());
    let message = cause.to_string();
    // A number that is too large for any type is well-formed JSON.
    if !cause.is_data() && !message.starts_with("number out of range") {
        return Error::new(
            StatusCode::BAD_REQUEST,
            format!("malformed JSON: {message}"),
        )
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
    let error = Error::field(field, message);
    match index {
        Some(index) => error.about("index", index),
        None => error,
    }
}

/// A field that is missing or there twice: it is not on the path, but in the message.
fn named(message: &str) -> Option<&str> {
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

/// The id in the path. What is no id names no job.
pub(crate) struct JobId(pub(crate) RunId);

impl<S: Sync + Send> FromRequestParts<S> for JobId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Error::new(StatusCode::NOT_FOUND, rejection.body_text()))?;
        parse_id(&text).map(Self)
    }
}

/// The name of an executor in the path.
pub(crate) struct ExecutorId(pub(crate) String);

impl<S: Sync + Send> FromRequestParts<S> for ExecutorId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(name) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Error::field("executor_id", rejection.body_text()))?;
        check::name("executor_id", &name)?;
        Ok(Self(name))
    }
}

/// A job id; a malformed one is an unknown one.
pub(crate) fn parse_id(text: &str) -> Result<RunId, Error> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(100).collect();
        Error::new(StatusCode::NOT_FOUND, "job not found: not a job id").about("job_id", shown)
    })
}

/// The query string.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync + Send> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Query(params) =
            Query::<T>::from_request_parts(parts, state)
                .await
                .map_err(|rejection| {
                    let message = rejection.body_text();
                    // The name stands at the start of the cause: `limit: invalid digit …`.
                    let cause = message
                        .rsplit_once("string: ")
                        .map_or("", |(_, cause)| cause);
                    let field = named(cause)
                        .or_else(|| cause.split_once(':').map(|(field, _)| field))
                        .unwrap_or("query");
                    Error::field(field.to_owned(), message)
                })?;
        Ok(Self(params))
    }
}
