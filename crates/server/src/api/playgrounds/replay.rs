//! Requests that callers may repeat.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use store::IdempotencyKey;

use crate::{
    refusal::Refusal,
    runs::submit::{hash, idempotency_key},
};

/// Says that a request was answered before, and nothing was done now.
const REPLAYED: HeaderName = HeaderName::from_static("x-idempotent-replayed");

/// The caller's key for this request, which is one for its path and its body.
pub(super) fn key(
    headers: &HeaderMap,
    path: &str,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Refusal> {
    let key = idempotency_key(headers)?;
    // Keys of other contracts are other keys.
    Ok(key.map(|key| {
        let request = [&hash(body), path.as_bytes()].concat();
        (format!("playgrounds {key}"), request)
    }))
}

/// The headers of an answer.
pub(super) fn headers(replayed: bool) -> HeaderMap {
    let header = replayed.then(|| (REPLAYED, HeaderValue::from_static("true")));
    header.into_iter().collect()
}
