//! What programs print, while they run and afterwards.

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use engine::RunId;
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use store::logs::{Append, Chunk};
use wire::{
    executors::LogChunk,
    jobs::{ErrorBody, Stream as Output},
};

use super::{
    Error,
    extract::{BODY_LIMIT, JobId, Params},
    find, follow, heartbeat,
};
use crate::{
    access::{ExecutorIdentity, WhileHeld},
    api::sse,
    app::App,
    body,
    live::Form,
};

/// Chunks that are read from the database at once.
pub(super) const PAGE: i64 = 32;

/// What is wanted of a job's output.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `stdout` or `stderr`; when following, without it both.
    stream: Option<Output>,
    /// `1` follows the output until the job ends.
    #[serde(default)]
    follow: u8,
}

/// What a job printed: by default what there is now of one stream of its newest attempt, as it was
/// printed; with `follow=1` everything from the first byte on, live, as server-sent events.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/logs", tag = "jobs",
    params(("id" = String, Path, description = "Job id"), Wanted),
    responses((status = 200, description = "Output",
            content((String = "text/plain"), (String = "text/event-stream"))),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn read(
    State(app): State<App>,
    JobId(id): JobId,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
    link: sse::OptionalLink,
    held: Option<Extension<WhileHeld>>,
) -> Result<Response, Error> {
    let details = find::details(&app, id).await?;
    if wanted.follow != 0 {
        let after = sse::last_id(&headers)
            .map_err(|message| Error::field(sse::LAST_ID, message))?
            .unwrap_or(0);
        let held = held.map(|Extension(held)| held);
        let messages = follow::messages(app.clone(), id, wanted.stream, after, held);
        return Ok(sse::answer(&app, Form::LOG, link, messages));
    }
    let output = wanted.stream.unwrap_or(Output::Stdout);
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
    Ok((kind, body).into_response())
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

/// The mark for bytes that are not there.
pub(super) fn gap(expected: i64, found: i64) -> String {
    if found > expected {
        format!("\n[... {} bytes dropped ...]\n", found - expected)
    } else {
        String::new()
    }
}

/// Stores output of a job that the caller holds.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/logs", tag = "executors",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("id" = String, Path, description = "Job id"),
        ("stream" = Output, Query, description = "Which stream"),
        ("offset" = u64, Query, description = "Position of the first byte in the attempt's stream"),
        ("executor_id" = String, Query, description = "Who holds the lease"),
        ("lease_token" = i64, Query, description = "The lease's token")),
    responses((status = 204, description = "Stored"),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such job, or not held by the caller", body = ErrorBody)))]
pub(crate) async fn append(
    State(app): State<App>,
    JobId(id): JobId,
    Params(chunk): Params<LogChunk>,
    executor_identity: ExecutorIdentity,
    request: Request,
) -> Result<StatusCode, Error> {
    let holder = heartbeat::holder(
        &executor_identity,
        &chunk.executor_id,
        Some(chunk.lease_token),
    )?;
    let body = body::read(request, BODY_LIMIT).await?;
    let end = chunk.offset.saturating_add(body.len() as u64);
    let (Ok(position), Ok(_)) = (i64::try_from(chunk.offset), i64::try_from(end)) else {
        return Err(Error::field("offset", "offset is too large"));
    };
    let append = Append {
        id,
        holder,
        stream: chunk.stream.as_str(),
        position,
        body,
    };
    let stored = app
        .store
        .write(move |batch| store::logs::append(batch, &append))
        .await;
    stored.map_err(|error| Error::from(error).or_not_running())?;
    Ok(StatusCode::NO_CONTENT)
}
