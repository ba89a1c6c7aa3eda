//! Server-sent events as both live streams send them.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

/// A comment goes out when there was nothing to say for so long, so that a broken connection shows.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a reader that comes back sends.
pub(crate) const LAST_ID: &str = "Last-Event-ID";

/// One message.
pub(crate) fn message(id: Option<i64>, event: &str, data: &impl serde::Serialize) -> Bytes {
    // What is sent is made of strings and numbers: it has a JSON form.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {event}\ndata: {data}\n\n").into()
}

/// The comment that says that the connection is alive.
pub(crate) fn comment() -> Bytes {
    Bytes::from_static(b": alive\n\n")
}

/// An answer that begins at once and goes on as long as `messages` does.
pub(crate) fn answer(messages: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let first = futures_util::stream::iter([comment()]);
    let body = Body::from_stream(first.chain(messages).map(Ok::<_, Infallible>));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, body).into_response()
}

/// The number that a reader saw last. What we never gave out is refused: to begin anywhere else
/// would leave events out without a word.
pub(crate) fn last_id(headers: &HeaderMap) -> Result<Option<i64>, String> {
    let Some(value) = headers.get(LAST_ID).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let id = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    match id {
        Some(id) if id >= 0 => Ok(Some(id)),
        _ => Err(format!("{LAST_ID} must be the id of a message")),
    }
}
