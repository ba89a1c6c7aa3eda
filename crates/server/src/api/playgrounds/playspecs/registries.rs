//! Logins of registries that playspecs pull from. Their secrets rest in the vault and are never answered.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use store::{
    Batch,
    audit::Target,
    playgrounds::{self, RegistryRow},
};
use wire::playgrounds::{NewRegistryCredential, RegistryCredential};

use super::{row_of, view};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Json, Params, PathParams},
    playgrounds::{FieldErrors, quota_exceeded},
    refusal::Refusal,
};

const REGISTRIES_LIMIT: i64 = 20;
const TEXT_LIMIT: usize = 255;
const SECRET_LIMIT: usize = 16 << 10;

/// Adds a login of a registry.
#[utoipa::path(post, path = "/api/playspecs/{id}/add_registry_credential", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name")),
    request_body = NewRegistryCredential,
    responses((status = 201, description = "Added", body = RegistryCredential),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playspec"),
        (status = 422, description = "A field is wrong, or there are too many logins")))]
pub(crate) async fn add(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    Json(new): Json<NewRegistryCredential>,
) -> Result<(StatusCode, axum::Json<RegistryCredential>), Refusal> {
    let spec = row_of(&app, &id).await?;
    let mut errors = FieldErrors::default();
    let url = new.registry_url.unwrap_or_default();
    let username = new.username.unwrap_or_default();
    let secret = new.secret.unwrap_or_default();
    let kind = new.registry_type.unwrap_or_else(|| "custom".to_owned());
    for (field, text, limit) in [
        ("registry_type", &kind, TEXT_LIMIT),
        ("registry_url", &url, TEXT_LIMIT),
        ("username", &username, TEXT_LIMIT),
        ("secret", &secret, SECRET_LIMIT),
    ] {
        if text.is_empty() {
            errors.add(field, "can't be blank");
        }
        if text.len() > limit || text.chars().any(char::is_control) {
            let message = format!("must have at most {limit} bytes and no control characters");
            errors.add(field, message);
        }
    }
    errors.refuse()?;
    let (now, sealer) = (app.now_ms(), app.vault.sealer(&app.store).await?);
    let row = RegistryRow {
        id: 0,
        playspec_id: spec.id,
        registry_type: kind,
        registry_url: url,
        username,
        sealed: sealer.seal_registry(spec.id, &secret),
        created_at: now,
    };
    let target = Target::one("playspec", spec.id.to_string());
    let entry = audit_context.entry(now, target).detail(&row.registry_url);
    let new = row.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        playgrounds::add_registry(batch, &new, REGISTRIES_LIMIT, &entry)
    };
    let id = app.store.write(work).await?;
    let id = id.ok_or_else(|| quota_exceeded("logins of the playspec", REGISTRIES_LIMIT))?;
    let row = RegistryRow { id, ..row };
    Ok((StatusCode::CREATED, axum::Json(view::registry(row))))
}

/// Which login.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RegistryQuery {
    /// The login's id.
    #[serde(alias = "credential_id")]
    id: i64,
}

/// Removes a login of a registry.
#[utoipa::path(delete, path = "/api/playspecs/{id}/remove_registry_credential", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name"), RegistryQuery),
    responses((status = 204, description = "Removed"),
        (status = 400, description = "The login's id is missing"),
        (status = 404, description = "No such playspec, or no such login")))]
pub(crate) async fn remove(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    Params(query): Params<RegistryQuery>,
) -> Result<StatusCode, Refusal> {
    let spec = row_of(&app, &id).await?;
    let now = app.now_ms();
    let target = Target::one("playspec", spec.id.to_string());
    let entry = audit_context.entry(now, target);
    let of = (spec.id, query.id);
    let work =
        move |batch: &mut Batch<'_, '_>| playgrounds::remove_registry(batch, of, now, &entry);
    match app.store.write(work).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::not_found(format!(
            "the playspec has no login {}",
            query.id
        ))),
    }
}
