//! Executors show pictures of what runs.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
};
use wire::executors::LeaseOf;

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::body,
    http::extract::{Params, PathRunId},
    refusal::{Refusal, RefusalKind},
};

const LIMIT_BYTES: usize = 1 << 20;
const MEDIA_TYPES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// Shows a picture of a run to those who follow the run at this server. It is not kept: a newer one replaces
/// it, and a slow reader misses some.
#[utoipa::path(put, path = "/api/runs/{id}/frame", tag = "executors",
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/webp"))),
    params(("id" = String, Path, description = "Run id"),
        ("executor" = String, Query, description = "The executor that owns the lease"),
        ("token" = i64, Query, description = "The lease's token")),
    responses((status = 204, description = "Shown"),
        (status = 202, description = "Nobody looks on: the next one need not come soon"),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run, or its lease is another's"),
        (status = 413, description = "Larger than 1 MiB"),
        (status = 415, description = "Not PNG, JPEG or WebP")))]
pub(crate) async fn show(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Params(of): Params<LeaseOf>,
    identity: ExecutorIdentity,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let holder = holder(&identity, &of.executor, of.token)?;
    let sent = request.headers().get(header::CONTENT_TYPE);
    let media_type = MEDIA_TYPES
        .into_iter()
        .find(|media_type| sent.is_some_and(|sent| sent == media_type));
    let Some(media_type) = media_type else {
        let message = format!("the content type must be one of {}", MEDIA_TYPES.join(", "));
        return Err(Refusal::new(RefusalKind::UnsupportedMediaType, message));
    };
    let image = body::read(request, LIMIT_BYTES).await?;
    if image.is_empty() {
        return Err(Refusal::bad_request("the picture is empty"));
    }
    let owned = move |read: &mut store::Read<'_, '_>| store::runs::owned(read, id, &holder, "show");
    app.store.read(owned).await.map_err(refuse)?;
    match app.frames.show(id, media_type, &image, app.now_ms()) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Ok(StatusCode::ACCEPTED),
    }
}
