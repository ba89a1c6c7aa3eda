//! What programs print, while they run and afterwards.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use store::logs::Append;
use wire::{
    executors::LogChunk,
    jobs::{ErrorBody, Stream as Output},
};

use super::{find, heartbeat, view};
use crate::{
    access::ExecutorIdentity,
    api::{
        output::{self, OptionalHold, OutputQuery, Reader},
        sse,
    },
    app::App,
    body,
    http::{
        extract::{Params, PathRunId},
        json::BODY_LIMIT,
    },
    refusal::Refusal,
};

/// What a job printed: by default what there is now of one stream of its newest attempt, as it was
/// printed; with `follow=1` everything from the first byte on, live, as server-sent events.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/logs", tag = "jobs",
    params(("id" = String, Path, description = "Job id"), OutputQuery),
    responses((status = 200, description = "Output",
            content((String = "text/plain"), (String = "text/event-stream"))),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn read(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Params(query): Params<OutputQuery>,
    headers: HeaderMap,
    link: sse::OptionalLink,
    held: OptionalHold,
) -> Result<Response, Refusal> {
    let details = find::details(&app, id).await?;
    let after = sse::last_id(&headers).map_err(|message| Refusal::field(sse::LAST_ID, message))?;
    let reader = Reader { after, link, held };
    Ok(output::read(app, details, &query, reader, view::status).await)
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
    PathRunId(id): PathRunId,
    Params(chunk): Params<LogChunk>,
    executor_identity: ExecutorIdentity,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let holder = heartbeat::holder(
        &executor_identity,
        &chunk.executor_id,
        Some(chunk.lease_token),
    )?;
    let body = body::read(request, BODY_LIMIT).await?;
    let end = chunk.offset.saturating_add(body.len() as u64);
    let (Ok(position), Ok(_)) = (i64::try_from(chunk.offset), i64::try_from(end)) else {
        return Err(Refusal::field("offset", "offset is too large"));
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
    stored.map_err(|error| Refusal::from(error).or_not_owned())?;
    Ok(StatusCode::NO_CONTENT)
}
