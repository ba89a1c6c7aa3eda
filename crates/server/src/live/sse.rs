//! Server-sent events as both live streams send them, and the end of readers that do not keep up.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{
    Extension,
    body::Body,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::{
    sync::{
        mpsc::{self, Sender},
        oneshot,
    },
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    http::connections::Link,
    live::{Form, Present},
};

/// A comment goes out when there was nothing to say for so long, so that a broken connection shows.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long the last messages may take when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// What a reader that comes back sends.
pub(crate) const LAST_ID: &str = "Last-Event-ID";

/// Ends the id of the last message of a stream that is over: whoever comes back with it has seen everything.
pub(crate) const END: &str = "-end";

/// Whether a reader comes back that has seen the end. One that is told `204` does not come again.
pub(crate) fn saw_end(headers: &HeaderMap) -> bool {
    let value = headers.get(LAST_ID).and_then(|value| value.to_str().ok());
    value.is_some_and(|text| text.trim().ends_with(END))
}

/// Readers wait so long before they come back, in milliseconds.
const RETRY_MS: u32 = 1_000;

/// What is written at once.
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    /// Number after which a reader resumes that has this.
    pub(crate) position: i64,
}

/// One message.
pub(crate) fn message(id: Option<String>, event: &str, data: &impl serde::Serialize) -> Bytes {
    // What is sent is made of strings and numbers: it has a JSON form.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {event}\ndata: {data}\n\n").into()
}

/// The comment that says that the connection is alive.
pub(crate) fn comment() -> Bytes {
    Bytes::from_static(b": alive\n\n")
}

/// The same, for readers whose filter may let nothing through for long: without a message of its
/// own the id is kept by the reader as its last one.
pub(crate) fn place(position: i64) -> Bytes {
    format!(": alive\nid: {position}\n\n").into()
}

/// The last message: the reader comes back and goes on after number `position`.
pub(crate) fn resume(position: i64) -> Bytes {
    format!("retry: {RETRY_MS}\nid: {position}\nevent: resume\ndata: {{\"after\":{position}}}\n\n")
        .into()
}

/// The connection behind a stream; there is none within the process.
pub(crate) type OptionalLink = Option<Extension<Link>>;

/// An answer that begins at once and goes on as long as `messages` does. A reader that takes
/// nothing for too long is cut off, as gently as it lets itself.
pub(crate) fn answer(
    app: &App,
    form: Form,
    link: OptionalLink,
    messages: impl Stream<Item = Chunk> + Send + 'static,
) -> Response {
    let (sender, receiver) = mpsc::channel(1);
    let (taken, all_taken) = oneshot::channel();
    let pump = Pump {
        present: app.metrics.readers().enter(form),
        timeout: app.settings.reader_timeout,
        stopping: app.stopping.clone(),
        sender,
    };
    tokio::spawn(async move {
        if !pump.run(messages, all_taken).await
            && let Some(Extension(link)) = link
        {
            link.cut();
        }
    });
    let chunks = stream::unfold((receiver, taken), |(mut receiver, taken)| async move {
        let bytes = receiver.recv().await?;
        Some((Ok::<_, Infallible>(bytes), (receiver, taken)))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
        // Nothing else goes over a connection that may be cut off.
        (header::CONNECTION, "close"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// Hands messages to a connection, one at a time.
struct Pump {
    present: Present,
    timeout: Duration,
    stopping: CancellationToken,
    sender: Sender<Bytes>,
}

impl Pump {
    /// Returns when the stream has ended; false when the connection is to be cut off. `all_taken`
    /// ends when the connection has taken everything.
    async fn run(
        self,
        messages: impl Stream<Item = Chunk>,
        all_taken: oneshot::Receiver<()>,
    ) -> bool {
        let Err(position) = self.hand_over(messages).await else {
            let stopping = self.stopping.clone();
            drop(self.sender);
            return !stopping.is_cancelled() || timeout(GRACE, all_taken).await.is_ok();
        };
        self.present.cut_off();
        let end = Instant::now() + self.timeout;
        // It may read again just now, and then it knows where it was.
        let _ = timeout_at(end, self.sender.send(resume(position))).await;
        drop(self.sender);
        sleep_until(end).await;
        false
    }

    /// The error is the number after which a reader that did not keep up may resume.
    async fn hand_over(&self, messages: impl Stream<Item = Chunk>) -> Result<(), i64> {
        let mut messages = pin!(messages);
        let mut position = 0;
        loop {
            let chunk = tokio::select! {
                () = self.sender.closed() => None,
                chunk = messages.next() => chunk,
            };
            let Some(chunk) = chunk else { return Ok(()) };
            tokio::select! {
                sent = self.sender.send(chunk.bytes) => match sent {
                    Ok(()) => position = chunk.position,
                    Err(_) => return Ok(()),
                },
                () = self.timed_out() => return Err(position),
            }
        }
    }

    /// Returns when a reader has had time enough to take a message.
    async fn timed_out(&self) {
        tokio::select! {
            () = sleep(self.timeout) => {}
            () = async {
                self.stopping.cancelled().await;
                sleep(GRACE).await;
            } => {}
        }
    }
}

/// The number that a reader saw last. What we never gave out is refused: to begin anywhere else
/// would leave events out without a word.
pub(crate) fn last_id(headers: &HeaderMap) -> Result<Option<i64>, String> {
    let Some(value) = headers.get(LAST_ID).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| {
        let text = text.trim();
        text.strip_suffix(END).unwrap_or(text).parse().ok()
    });
    match id {
        Some(id) if id >= 0 => Ok(Some(id)),
        _ => Err(format!("{LAST_ID} must be the id of a message")),
    }
}
