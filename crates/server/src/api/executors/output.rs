//! Executors store what programs print.

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use store::logs::Append;
use wire::{executors::OutputChunk, jobs::Stream};

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::body,
    http::{
        extract::{Params, PathRunId},
        json::BODY_LIMIT,
    },
    refusal::Refusal,
};

/// Stores output of a run whose lease the caller owns.
#[utoipa::path(post, path = "/api/runs/{id}/output", tag = "executors",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("id" = String, Path, description = "Run id"),
        ("stream" = Stream, Query, description = "Which stream"),
        ("offset" = u64, Query, description = "Position of the first byte in the attempt's stream"),
        ("executor" = String, Query, description = "The executor that owns the lease"),
        ("token" = i64, Query, description = "The lease's token")),
    responses((status = 204, description = "Stored"),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run, or its lease is another's"),
        (status = 503, description = "Too little of the disk is free")))]
pub(crate) async fn append(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Params(chunk): Params<OutputChunk>,
    identity: ExecutorIdentity,
    request: Request,
) -> Result<StatusCode, Refusal> {
    app.disk.must_have_room()?;
    let holder = holder(&identity, &chunk.executor, chunk.token)?;
    let body = body::read(request, BODY_LIMIT).await?;
    let end = chunk.offset.saturating_add(body.len() as u64);
    let (Ok(position), Ok(_)) = (i64::try_from(chunk.offset), i64::try_from(end)) else {
        return Err(Refusal::bad_request("offset is too large"));
    };
    let append = Append {
        id,
        holder,
        stream: chunk.stream.as_str(),
        position,
        body,
    };
    let work = move |batch: &mut store::Batch<'_, '_>| store::logs::append(batch, &append);
    app.store.write(work).await.map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}
