//! Playrooms are made, changed and deleted.

use axum::{extract::State, http::StatusCode};
use playground::policy::Policy;
use store::{
    Batch,
    audit::{AuditEntry, Target},
    playgrounds::{self, Deletion, PlayroomRow},
};
use wire::playgrounds::{ChangePlayroom, NewPlayroomBody, Playroom, PlayroomChange};

use super::{all, find, row_of};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathParams},
    http::json,
    playgrounds::{FieldErrors, RoomBody, checked_name, invalid},
    refusal::Refusal,
};

/// How often it is tried again when something else changes the playroom.
const TRIES: usize = 5;
const KEY_LIMIT: usize = 64;
const TEXT_LIMIT: usize = 255;

/// Makes a playroom. It is of use once an executor registers it under its name.
#[utoipa::path(post, path = "/api/playrooms", tag = "playrooms", request_body = NewPlayroomBody,
    responses((status = 201, description = "Made", body = Playroom),
        (status = 400, description = "The body is malformed"),
        (status = 409, description = "It was changed at the same time"),
        (status = 422, description = "A field is wrong")))]
pub(crate) async fn create(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(NewPlayroomBody { playroom: new }): Json<NewPlayroomBody>,
) -> Result<(StatusCode, axum::Json<Playroom>), Refusal> {
    let name = new.name.clone().unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > KEY_LIMIT || !name.bytes().all(fits) {
        let message = format!("must be 1 to {KEY_LIMIT} letters, digits, `-`, `_` and `.`");
        return Err(invalid("name", message));
    }
    let rooms = all(&app).await?;
    if rooms
        .iter()
        .any(|room| room.key == name || room.name == name)
    {
        return Err(invalid("name", "has already been taken"));
    }
    checked(&RoomBody::default(), &new)?;
    let (mark, now) = (app.clock.run_id().to_string(), app.now_ms());
    let key = name.clone();
    let work =
        move |batch: &mut Batch<'_, '_>| playgrounds::ensure_playroom(batch, &key, &mark, now);
    let row = app.store.write(work).await?;
    let target = Target::one("playroom", row.id.to_string());
    let entry = audit_context.entry(now, target).detail(&name);
    let row = applied(&app, row.id.to_string(), new, entry).await?;
    Ok((StatusCode::CREATED, find::shown(&app, row).await?))
}

/// Changes a playroom. Its playgrounds get it with their next rollout or restart.
#[utoipa::path(patch, path = "/api/playrooms/{id}", tag = "playrooms", request_body = ChangePlayroom,
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playroom", body = Playroom),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playroom"),
        (status = 409, description = "It was changed at the same time"),
        (status = 422, description = "A field is wrong")))]
pub(crate) async fn change(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    Json(ChangePlayroom { playroom: change }): Json<ChangePlayroom>,
) -> Result<axum::Json<Playroom>, Refusal> {
    let row = row_of(&app, &id).await?;
    let target = Target::one("playroom", row.id.to_string());
    let entry = audit_context.entry(app.now_ms(), target).detail(&row.name);
    let row = applied(&app, row.id.to_string(), change, entry).await?;
    find::shown(&app, row).await
}

/// Writes what a request sets.
async fn applied(
    app: &App,
    id: String,
    change: PlayroomChange,
    entry: AuditEntry,
) -> Result<PlayroomRow, Refusal> {
    for _ in 0..TRIES {
        let row = row_of(app, &id).await?;
        let body = checked(&RoomBody::of(&row)?, &change)?;
        let name = change.name.clone().unwrap_or_else(|| row.name.clone());
        checked_name(&name).map_err(|message| invalid("name", message))?;
        let others = all(app).await?;
        if others
            .iter()
            .any(|other| other.name == name && other.id != row.id)
        {
            return Err(invalid("name", "has already been taken"));
        }
        let after = PlayroomRow {
            name,
            status: change.status.clone().unwrap_or_else(|| row.status.clone()),
            body: body.encode(),
            updated_at: entry.at,
            ..row
        };
        let (new, entry) = (after.clone(), entry.clone());
        let work =
            move |batch: &mut Batch<'_, '_>| playgrounds::change_playroom(batch, &new, &entry);
        if app.store.write(work).await? {
            let version = after.version + 1;
            return Ok(PlayroomRow { version, ..after });
        }
    }
    Err(Refusal::conflict(
        "the playroom was changed at the same time: try again",
    ))
}

/// With what a request sets, if that is right.
fn checked(before: &RoomBody, change: &PlayroomChange) -> Result<RoomBody, Refusal> {
    let mut errors = FieldErrors::default();
    let mut body = before.clone();
    let set = |text: &Option<String>, before: &Option<String>| match text {
        Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        None => before.clone(),
    };
    body.host = set(&change.host, &body.host);
    body.user = set(&change.user, &body.user);
    body.acme_email = set(&change.acme_email, &body.acme_email);
    for (field, text) in [
        ("host", &body.host),
        ("user", &body.user),
        ("acme_email", &body.acme_email),
    ] {
        let is_wrong =
            |text: &String| text.len() > TEXT_LIMIT || text.chars().any(char::is_control);
        if text.as_ref().is_some_and(is_wrong) {
            let message = format!("must have at most {TEXT_LIMIT} bytes and no control characters");
            errors.add(field, message);
        }
    }
    if let Some(text) = &change.domains_input {
        let domains = text.split(',').map(|one| one.trim().to_ascii_lowercase());
        body.domains = domains.filter(|one| !one.is_empty()).collect();
        if let Some(wrong) = body.domains.iter().find(|one| !is_domain(one)) {
            errors.add("domains_input", format!("`{wrong}` is not a domain"));
        }
    }
    if change
        .status
        .as_deref()
        .is_some_and(|word| !matches!(word, "active" | "disabled"))
    {
        errors.add("status", "must be active or disabled");
    }
    if let Some(policy) = &change.policy {
        if let Err(refusal) = json::parse_field::<Option<Policy>>("policy", policy) {
            errors.add("policy", refusal.message);
        }
        body.policy = policy.clone();
    }
    if let Some(limits) = &change.limits {
        let read =
            json::parse_field::<Option<playground::compose::ResourceLimits>>("limits", limits);
        if let Err(refusal) = read {
            errors.add("limits", refusal.message);
        }
        body.limits = limits.clone();
    }
    errors.refuse()?;
    Ok(body)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Deletes a playroom without playgrounds.
#[utoipa::path(delete, path = "/api/playrooms/{id}", tag = "playrooms",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 204, description = "Deleted"),
        (status = 404, description = "No such playroom"),
        (status = 409, description = "There are playgrounds in it")))]
pub(crate) async fn delete(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, Refusal> {
    let row = row_of(&app, &id).await?;
    let target = Target::one("playroom", row.id.to_string());
    let entry = audit_context.entry(app.now_ms(), target).detail(&row.name);
    let work = move |batch: &mut Batch<'_, '_>| playgrounds::delete_playroom(batch, row.id, &entry);
    match app.store.write(work).await? {
        Deletion::Done => Ok(StatusCode::NO_CONTENT),
        Deletion::Missing => Err(Refusal::not_found(format!("there is no playroom `{id}`"))),
        Deletion::InUse(count) => Err(Refusal::conflict(format!(
            "{count} playgrounds are in the playroom: destroy them first"
        ))),
    }
}
