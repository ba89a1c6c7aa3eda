//! Pictures of what runs, for the caller who looks on.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
};
use wire::{executors::FrameOf, jobs::ErrorBody};

use super::heartbeat;
use crate::{
    access::ExecutorIdentity,
    app::App,
    body,
    http::extract::{Params, PathRunId},
    refusal::{Refusal, RefusalKind},
};

const LIMIT_BYTES: usize = 1 << 20;
const KINDS: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// Shows a picture of a run that the caller holds to those who look on at this server. It is not
/// kept: a newer one replaces it, and a reader that is slow misses some.
#[utoipa::path(put, path = "/api/v1/jobs/{id}/frame", tag = "executors",
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/webp"))),
    params(("id" = String, Path, description = "Job id"),
        ("executor_id" = String, Query, description = "Who holds the lease"),
        ("lease_token" = i64, Query, description = "The lease's token")),
    responses((status = 204, description = "Shown to those who look on"),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such job, or not held by the caller", body = ErrorBody),
        (status = 413, description = "Larger than 1 MiB", body = ErrorBody),
        (status = 415, description = "Not PNG, JPEG or WebP", body = ErrorBody)))]
pub(crate) async fn show(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Params(of): Params<FrameOf>,
    executor_identity: ExecutorIdentity,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let holder = heartbeat::holder(&executor_identity, &of.executor_id, Some(of.lease_token))?;
    let sent = request.headers().get(header::CONTENT_TYPE);
    let kind = KINDS
        .into_iter()
        .find(|kind| sent.is_some_and(|sent| sent == kind));
    let Some(kind) = kind else {
        let message = format!("the content type must be one of {}", KINDS.join(", "));
        return Err(Refusal::new(RefusalKind::UnsupportedMediaType, message));
    };
    let image = body::read(request, LIMIT_BYTES).await?;
    if image.is_empty() {
        return Err(Refusal::field("body", "the picture is empty"));
    }
    let held = app
        .store
        .read(move |read| store::runs::owned(read, id, &holder, "show"))
        .await;
    held.map_err(|error| Refusal::from(error).or_not_owned())?;
    app.frames.show(id, kind, &image, app.now_ms());
    Ok(StatusCode::NO_CONTENT)
}
