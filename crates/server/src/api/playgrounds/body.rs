//! Bodies that may be left out: empty, or `null`.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use wire::Object;

use crate::{
    http::{body, json},
    refusal::Refusal,
};

/// A JSON object, or nothing at all.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default + Send + 'static, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let bytes = body::read_json(request, json::BODY_LIMIT).await?;
        optional(&bytes).map(Self)
    }
}

/// Reads it.
pub(super) fn optional<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<T, Refusal> {
    match bytes.trim_ascii() {
        b"" | b"null" => Ok(T::default()),
        text => json::parse::<Object<T>>(text).map(|Object(value)| value),
    }
}
