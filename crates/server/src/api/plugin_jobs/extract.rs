//! Reading requests so that whatever is wrong with them is answered in this contract's form.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use engine::RunId;
use serde::de::DeserializeOwned;

use super::Error;
use crate::api::jobs;

/// The id in the path. What is no id names no job.
pub(crate) struct JobId(pub(crate) RunId);

impl<S: Sync + Send> FromRequestParts<S> for JobId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::no_job())?;
        text.parse().map(Self).map_err(|_| Error::no_job())
    }
}

/// The query string.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync + Send> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let jobs::Params(params) = jobs::Params::from_request_parts(parts, state).await?;
        Ok(Self(params))
    }
}
