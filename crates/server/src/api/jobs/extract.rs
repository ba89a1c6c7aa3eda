//! Reading requests so that whatever is wrong with them is answered in this contract's form.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
};
use engine::RunId;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::Error;

const MIB: usize = 1 << 20;
/// The largest body, unless the route says otherwise.
pub(crate) const BODY_LIMIT: usize = 16 * MIB;
/// The largest body of a finish.
pub(crate) const FINISH_LIMIT: usize = 32 * MIB;
/// The largest body of a bulk request.
pub(crate) const BULK_LIMIT: usize = 64 * MIB;

/// A JSON body of at most `LIMIT` bytes. The content type is not looked at: a client that forgets
/// it means JSON all the same.
pub(crate) struct Json<T, const LIMIT: usize = BODY_LIMIT>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync, const LIMIT: usize> FromRequest<S> for Json<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let bytes = read_body(request, LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

/// A body of at most `limit` bytes.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Bytes, Error> {
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("the request body is larger than {limit} bytes");
            Err(Error::new(StatusCode::PAYLOAD_TOO_LARGE, message).about("limit_bytes", limit))
        }
        Err(error) => Err(Error::new(
            StatusCode::BAD_REQUEST,
            format!("the body broke off: {error}"),
        )),
    }
}

/// Parses a JSON body; a refusal names the field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // The path to the field is worth its cost only when something is wrong.
    serde_json::from_slice(bytes).map_err(|_| refuse::<T>(bytes))
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
    if !cause.is_data() {
        let message = format!("malformed JSON: {cause}");
        return Error::new(StatusCode::BAD_REQUEST, message)
            .about("line", line)
            .about("column", column);
    }
    let message = cause.to_string();
    // A field that is missing or there twice is not on the path, but in the message.
    let named = message
        .split('`')
        .nth(1)
        .filter(|_| message.contains(" field `"));
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
                    let field = cause
                        .split_once(':')
                        .map_or("query", |(field, _)| field)
                        .to_owned();
                    Error::field(field, message)
                })?;
        Ok(Self(params))
    }
}
