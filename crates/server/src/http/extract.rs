//! Reads requests. What is wrong with one is a refusal, which the contract of the path writes.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use engine::RunId;
use serde::de::DeserializeOwned;
use wire::Object;

use super::{
    check,
    json::{self, BODY_LIMIT},
    query,
};
use crate::refusal::Refusal;

/// A JSON object of at most `LIMIT` bytes. The content type is not checked: a client that forgets
/// it means JSON all the same.
pub(crate) struct Json<T, const LIMIT: usize = BODY_LIMIT>(pub(crate) T);

impl<T: DeserializeOwned + Send + 'static, S: Sync, const LIMIT: usize> FromRequest<S>
    for Json<T, LIMIT>
{
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let Object(value) = json::read(request, LIMIT).await?;
        Ok(Self(value))
    }
}

/// The query string.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync + Send> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        query::read(&parts.uri).map(Self)
    }
}

/// The parameters of the path.
pub(crate) struct PathParams<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Sync + Send> FromRequestParts<S> for PathParams<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(params) = Path::<T>::from_request_parts(parts, state).await?;
        Ok(Self(params))
    }
}

/// The run id in the path. A text that is not an id names no run.
pub(crate) struct PathRunId(pub(crate) RunId);

impl<S: Sync + Send> FromRequestParts<S> for PathRunId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Refusal::not_a_run_id(""))?;
        run_id(&text).map(Self)
    }
}

/// A run id; a malformed one is an unknown one.
pub(crate) fn run_id(text: &str) -> Result<RunId, Refusal> {
    text.parse().map_err(|_| Refusal::not_a_run_id(text))
}

/// The name of an executor in the path.
pub(crate) struct ExecutorId(pub(crate) String);

impl<S: Sync + Send> FromRequestParts<S> for ExecutorId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(name) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Refusal::field("executor", "executor must be UTF-8"))?;
        check::name("executor", &name)?;
        Ok(Self(name))
    }
}
