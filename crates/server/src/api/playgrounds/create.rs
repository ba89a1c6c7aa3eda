//! Playgrounds are made.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use store::{
    Batch, IdempotencyKey, Read,
    audit::{AuditEntry, Target},
    playgrounds::{self, Created},
};
use wire::{
    Object,
    playgrounds::{NewPlayground, NewPlaygroundBody, Playground},
};

use super::{replay, show};
use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    http::{body, json},
    playgrounds::{created, new_row, not_made},
    refusal::Refusal,
};

/// Makes a playground. It is provisioned in the background: poll its status.
#[utoipa::path(post, path = "/api/playgrounds", tag = "playgrounds", request_body = NewPlaygroundBody,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The same key and body within 24 hours: the same playground, no second one")),
    responses((status = 201, description = "Made; an operation provisions it", body = Playground),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "The request was answered before, and the playground is gone"),
        (status = 422, description = "A field is wrong, or there are too many playgrounds")))]
pub(crate) async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, HeaderMap, axum::Json<Playground>), Refusal> {
    let bytes = body::read_json(request, json::BODY_LIMIT).await?;
    let key = replay::key(&headers, "/api/playgrounds", &bytes)?;
    let Object(NewPlaygroundBody { playground: new }) = json::parse(&bytes)?;
    let entry = audit_context.entry(app.now_ms(), Target::one("playground", ""));
    let (id, replayed) = made(&app, new, key, entry).await?;
    let shown = show::shown(&app, &principal, id).await?;
    let headers = replay::headers(replayed);
    Ok((StatusCode::CREATED, headers, axum::Json(shown)))
}

/// Makes it; answers its id, and whether the same request made it before.
pub(super) async fn made(
    app: &App,
    new: NewPlayground,
    key: Option<IdempotencyKey>,
    entry: AuditEntry,
) -> Result<(i64, bool), Refusal> {
    if let Some((key, hash)) = key.clone() {
        let before = move |read: &mut Read<'_, '_>| playgrounds::repeated(read, (&key, &hash));
        if let Some(id) = app.store.read(before).await? {
            return Ok((id, true));
        }
    }
    let (new, hosts) = new_row(app, new, key, entry).await?;
    let id = new.id;
    let name = new.name.clone();
    let work = move |batch: &mut Batch<'_, '_>| created(batch, &new, &hosts);
    match app.store.write(work).await?? {
        Created::Made => Ok((id, false)),
        Created::Repeated(before) => Ok((before, true)),
        refused => Err(not_made(&refused, &name)),
    }
}
