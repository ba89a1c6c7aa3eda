//! Playspecs are made, changed and deleted.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use store::{
    Batch, IdempotencyKey, Read,
    audit::{AuditEntry, Target},
    playgrounds::{self, Deletion, NewPlayspec, PlayspecMade, PlayspecRow},
};
use wire::{
    Object,
    playgrounds::{ChangePlayspec, NewPlayspecBody, Playspec, PlayspecChange},
};

use super::{row_of, view};
use crate::{
    api::playgrounds::replay,
    app::App,
    audit::AuditContext,
    http::{
        body,
        extract::{Json, PathParams},
        json,
    },
    playgrounds::{
        FieldErrors, SpecBody, checked_name, invalid, locked, missing_playspec, quota_exceeded,
    },
    refusal::Refusal,
};

const MOST: i64 = 1_000;
/// How often it is tried again when something else changes the playspec.
const TRIES: usize = 5;
const TAKEN: &str = "has already been taken";

/// Makes a playspec from a Compose file.
#[utoipa::path(post, path = "/api/playspecs", tag = "playspecs", request_body = NewPlayspecBody,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The same key and body within 24 hours: the same playspec, no second one")),
    responses((status = 201, description = "Made", body = Playspec),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "The request was answered before, and the playspec is gone"),
        (status = 422, description = "A field is wrong, or there are too many playspecs")))]
pub(crate) async fn create(
    State(app): State<App>,
    audit_context: AuditContext,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, HeaderMap, axum::Json<Playspec>), Refusal> {
    let bytes = body::read_json(request, json::BODY_LIMIT).await?;
    let key = replay::key(&headers, "/api/playspecs", &bytes)?;
    let Object(NewPlayspecBody { playspec }) = json::parse(&bytes)?;
    let entry = audit_context.entry(app.now_ms(), Target::one("playspec", ""));
    let (id, replayed) = made(&app, playspec, key, entry).await?;
    let shown = view::shown(&app, id).await?;
    let headers = replay::headers(replayed);
    Ok((StatusCode::CREATED, headers, axum::Json(shown)))
}

/// Makes it; answers its id, and whether the same request made it before.
pub(crate) async fn made(
    app: &App,
    new: PlayspecChange,
    key: Option<IdempotencyKey>,
    entry: AuditEntry,
) -> Result<(i64, bool), Refusal> {
    if let Some((key, hash)) = key.clone() {
        let before = move |read: &mut Read<'_, '_>| playgrounds::spec_repeated(read, (&key, &hash));
        if let Some(id) = app.store.read(before).await? {
            return Ok((id, true));
        }
    }
    let mut errors = FieldErrors::default();
    let name = new.name.clone().unwrap_or_default();
    errors.note("name", checked_name(&name));
    let body = SpecBody::default().changed(new, &mut errors);
    errors.refuse()?;
    let new = NewPlayspec {
        body: body.encode(),
        now: app.now_ms(),
        idempotency: key,
        entry: entry.on(Target::one("playspec", "")).detail(&name),
        name,
    };
    let work = move |batch: &mut Batch<'_, '_>| playgrounds::create_playspec(batch, &new, MOST);
    match app.store.write(work).await? {
        PlayspecMade::Made(id) => Ok((id, false)),
        PlayspecMade::Repeated(id) => Ok((id, true)),
        PlayspecMade::NameTaken => Err(invalid("name", TAKEN)),
        PlayspecMade::TooMany => Err(quota_exceeded("playspecs", MOST)),
    }
}

/// Changes a playspec. Its playgrounds get it with their next rollout or restart.
#[utoipa::path(patch, path = "/api/playspecs/{id}", tag = "playspecs", request_body = ChangePlayspec,
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playspec", body = Playspec),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playspec"),
        (status = 409, description = "It was changed at the same time"),
        (status = 422, description = "A field is wrong, or playgrounds keep it from being changed")))]
pub(crate) async fn change(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    Json(ChangePlayspec { playspec: wanted }): Json<ChangePlayspec>,
) -> Result<axum::Json<Playspec>, Refusal> {
    for _ in 0..TRIES {
        let row = row_of(&app, &id).await?;
        let before = SpecBody::of(&row)?;
        let mut errors = FieldErrors::default();
        let name = wanted.name.clone().unwrap_or_else(|| row.name.clone());
        errors.note("name", checked_name(&name));
        let body = before.clone().changed(wanted.clone(), &mut errors);
        errors.refuse()?;
        // What is on the disks of playgrounds would be lost, or kept forever.
        if body.persist_volumes != before.persist_volumes && row.playgrounds > 0 {
            return Err(locked(row.playgrounds));
        }
        let now = app.now_ms();
        let target = Target::one("playspec", row.id.to_string());
        let entry = audit_context.clone().entry(now, target).detail(&name);
        let (remade, renamed) = (body.remakes(&before), name != row.name);
        let after = PlayspecRow {
            name,
            body: body.encode(),
            updated_at: now,
            ..row.clone()
        };
        let work = move |batch: &mut Batch<'_, '_>| {
            playgrounds::change_playspec(batch, &after, remade, &entry)
        };
        if app.store.write(work).await? {
            return Ok(axum::Json(view::shown(&app, row.id).await?));
        }
        if renamed {
            return Err(invalid("name", TAKEN));
        }
    }
    Err(Refusal::conflict(
        "the playspec was changed at the same time: try again",
    ))
}

/// Deletes a playspec that no playground is made from.
#[utoipa::path(delete, path = "/api/playspecs/{id}", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 204, description = "Deleted"),
        (status = 404, description = "No such playspec"),
        (status = 422, description = "Playgrounds are made from it")))]
pub(crate) async fn delete(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, Refusal> {
    let row = row_of(&app, &id).await?;
    let target = Target::one("playspec", row.id.to_string());
    let entry = audit_context.entry(app.now_ms(), target).detail(&row.name);
    let work = move |batch: &mut Batch<'_, '_>| playgrounds::delete_playspec(batch, row.id, &entry);
    match app.store.write(work).await? {
        Deletion::Done => Ok(StatusCode::NO_CONTENT),
        Deletion::Missing => Err(missing_playspec(&id)),
        Deletion::InUse(playgrounds) => Err(locked(playgrounds)),
    }
}
