//! Executors show pictures of what runs.

use axum::{
    extract::{Request, State},
    http::header,
};
use wire::browser::{FrameQuery, FrameViewers};

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::extract::{Params, PathRunId},
    http::{body, json},
    live::ShownFrame,
    refusal::{Refusal, RefusalKind},
};

const LIMIT_BYTES: usize = 1 << 20;
const MEDIA_TYPES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// Shows a picture of a run to its viewers at this server. It is not stored: a newer one replaces it, and a slow
/// viewer misses some. The executor may go on showing pictures while the run is parked.
#[utoipa::path(put, path = "/api/runs/{id}/frame", tag = "executors",
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/webp"))),
    params(("id" = String, Path, description = "Run id"), FrameQuery),
    responses((status = 200, description = "Which viewers there are", body = FrameViewers),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run, or its newest lease is another's"),
        (status = 413, description = "Larger than 1 MiB"),
        (status = 415, description = "Not PNG, JPEG or WebP")))]
pub(crate) async fn show(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Params(of): Params<FrameQuery>,
    identity: ExecutorIdentity,
    request: Request,
) -> Result<axum::Json<FrameViewers>, Refusal> {
    let holder = holder(&identity, &of.executor, of.token)?;
    let sent = request.headers().get(header::CONTENT_TYPE);
    let media_type = MEDIA_TYPES
        .into_iter()
        .find(|media_type| sent.is_some_and(|sent| sent == media_type));
    let Some(media_type) = media_type else {
        let message = format!("the content type must be one of {}", MEDIA_TYPES.join(", "));
        return Err(Refusal::new(RefusalKind::UnsupportedMediaType, message));
    };
    let action = of
        .action
        .as_deref()
        .map(|text| json::parse(text.as_bytes()));
    let action = action
        .transpose()
        .map_err(|refusal| Refusal::field("action", format!("action: {}", refusal.message)))?;
    let image = body::read(request, LIMIT_BYTES).await?;
    if image.is_empty() {
        return Err(Refusal::bad_request("the picture is empty"));
    }
    let owned = move |read: &mut store::Read<'_, '_>| store::runs::last_owned(read, id, &holder);
    app.store.read(owned).await.map_err(refuse)?;
    let shown = ShownFrame {
        media_type,
        image: &image,
        live: of.live,
        width: of.width,
        height: of.height,
        painted_at: of.painted_at,
        action,
    };
    Ok(axum::Json(app.frames.show(id, &shown, app.now_ms())))
}
