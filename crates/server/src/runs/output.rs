//! What runs of any kind print, while they run and afterwards.

use axum::{
    Extension,
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use engine::{RunId, Status};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use store::{logs::Chunk, runs::Details};
use wire::jobs::Stream as Output;

use super::follow::{self, PAGE, gap};
use crate::{
    access::WhileHeld,
    app::App,
    live::{Form, sse},
};

/// What of a run's output is read.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OutputQuery {
    /// `stdout` or `stderr`; when following, without it both.
    stream: Option<Output>,
    /// `1` follows the output until the run ends.
    #[serde(default)]
    follow: u8,
}

/// The run that the caller must hold, if the caller is an executor.
pub(crate) type OptionalHold = Option<Extension<WhileHeld>>;

/// The follower of the output.
pub(crate) struct OutputReader {
    /// Number of the last message that was received, if the caller resumes.
    pub(crate) after: Option<i64>,
    /// Whether that was the end.
    pub(crate) saw_end: bool,
    pub(crate) link: sse::OptionalLink,
    pub(crate) held: OptionalHold,
}

/// Answers with what there is now of one stream of the newest attempt, or with everything, live, as
/// server-sent events. The last of these has `word_of` the status.
pub(crate) async fn read(
    app: App,
    details: Details,
    query: &OutputQuery,
    reader: OutputReader,
    word_of: fn(Status) -> &'static str,
) -> Response {
    let id = details.run.id;
    if query.follow != 0 {
        let after = reader.after.unwrap_or(0);
        // A retried run goes on, and may have ended again.
        if reader.saw_end && details.run.state.status().is_terminal() {
            let stream = query.stream.map(Output::as_str);
            let later = move |read: &mut store::Read<'_, '_>| {
                store::logs::after(read, id, after, stream, None, 1)
            };
            if app
                .store
                .read(later)
                .await
                .is_ok_and(|later| later.is_empty())
            {
                return StatusCode::NO_CONTENT.into_response();
            }
        }
        let held = reader.held.map(|Extension(held)| held);
        let output = follow::Followed {
            id,
            stream: query.stream,
            after,
            held,
            word_of,
        };
        let messages = follow::messages(app.clone(), output);
        return sse::answer(&app, Form::LOG, reader.link, messages);
    }
    let output = query.stream.unwrap_or(Output::Stdout);
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut chunks = Box::pin(stored(app, id, output, details.run.starts).peekable());
    let body = if chunks.as_mut().peek().await.is_some() {
        Body::from_stream(chunks)
    } else {
        // An executor that sends no output while it runs sends it at the end.
        let reported = details.reported();
        Body::from(match output {
            Output::Stdout => reported.stdout,
            Output::Stderr => reported.stderr,
        })
    };
    (kind, body).into_response()
}

/// The stored chunks of one stream of one attempt, with a mark where some are missing.
fn stored(
    app: App,
    id: RunId,
    output: Output,
    attempt: i64,
) -> impl Stream<Item = Result<Bytes, store::Error>> + Send {
    let start = (app, 0, 0, None);
    stream::try_unfold(start, move |(app, after, position, end)| async move {
        let (end, page): (i64, Vec<Chunk>) = app
            .store
            .read(move |read| {
                let end = match end {
                    Some(end) => end,
                    // What is there now: a program that prints faster than this is read has an end.
                    None => {
                        let last = store::logs::last(read, id, output.as_str(), i64::MAX)?;
                        last.map_or(0, |chunk| chunk.seq)
                    }
                };
                let page = store::logs::after(
                    read,
                    id,
                    after,
                    Some(output.as_str()),
                    Some(attempt),
                    PAGE,
                )?;
                let there = page.into_iter().filter(|chunk| chunk.seq <= end);
                Ok((end, there.collect()))
            })
            .await?;
        let Some(last) = page.last().map(|chunk| chunk.seq) else {
            return Ok(None);
        };
        let (mut text, mut position) = (Vec::new(), position);
        for chunk in page {
            text.extend_from_slice(gap(position, chunk.position).as_bytes());
            position = chunk.position + i64::try_from(chunk.body.len()).unwrap_or(i64::MAX);
            text.extend_from_slice(&chunk.body);
        }
        Ok(Some((Bytes::from(text), (app, last, position, Some(end)))))
    })
}
