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

/// The number that a reader saw last.
pub(crate) fn last_id(headers: &HeaderMap) -> Option<i64> {
    headers
        .get("last-event-id")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
