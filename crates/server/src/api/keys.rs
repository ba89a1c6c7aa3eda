//! Keys are made, listed and revoked.

use axum::{Extension, extract::State, http::StatusCode};
use wire::{
    Timestamp,
    keys::{CreatedKey, KeyInfo, Me, NewKey, RevokeQuery, RevokedKey},
};

use crate::{
    access::{Caller, Principal, Scope, info, issue, revoke as revoke_key},
    app::App,
    audit::AuditContext,
    http::extract::{Json, Params, PathParams},
    refusal::Refusal,
};

/// Makes a key. While there is none, the caller who asks from the server's own machine may make the first,
/// an admin's. Nobody can give a key more than its own allows.
#[utoipa::path(post, path = "/api/keys", tag = "keys", request_body = NewKey,
    responses((status = 201, description = "Made; the key is shown this once", body = CreatedKey),
        (status = 400, description = "A field is wrong"),
        (status = 403, description = "It would allow more than the caller's own"),
        (status = 409, description = "A live executor's key has the name")))]
pub(crate) async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    Json(new): Json<NewKey>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), Refusal> {
    let caller = Caller::of(&principal);
    let created = issue(&app.store, caller, &new, audit_context, app.now_ms()).await?;
    app.keys.look(&app.store).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// Says whose key is shown, and what it allows.
#[utoipa::path(get, path = "/api/me", tag = "keys",
    responses((status = 200, description = "Who asks", body = Me)))]
pub(crate) async fn me(Extension(principal): Extension<Principal>) -> axum::Json<Me> {
    let key = principal.key();
    axum::Json(Me {
        id: key.map(|key| key.id.clone()),
        name: principal.name().to_owned(),
        role: key.map(|key| key.role.clone()),
        scopes: principal.scopes().names(),
        expires_at: key.and_then(|key| key.expires_at).map(Timestamp),
    })
}

/// Lists keys, newest first, revoked ones too. Whoever may not make keys sees its own alone.
#[utoipa::path(get, path = "/api/keys", tag = "keys",
    responses((status = 200, description = "Without the keys themselves", body = Vec<KeyInfo>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Result<axum::Json<Vec<KeyInfo>>, Refusal> {
    let rows = app.store.read(store::keys::list).await?;
    let every = principal.scopes().allow(Scope::KeysWrite);
    let own = principal.key().map(|key| key.id.as_str());
    let seen = rows
        .iter()
        .filter(|row| every || Some(row.id.as_str()) == own);
    Ok(axum::Json(seen.map(info).collect()))
}

/// Revokes a key, at once on this server and within a second on every other. What it is doing right
/// now is cut off.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "Key id"),
        ("cascade" = Option<u8>, Query, description = "1 revokes the keys that were made with it, too", minimum = 0, maximum = 1)),
    responses((status = 200, description = "Revoked", body = RevokedKey),
        (status = 400, description = "A parameter is wrong"),
        (status = 403, description = "It allows more than the caller's own"),
        (status = 404, description = "No such key")))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
    Params(query): Params<RevokeQuery>,
    audit_context: AuditContext,
) -> Result<axum::Json<RevokedKey>, Refusal> {
    if query.cascade > 1 {
        return Err(Refusal::field("cascade", "cascade must be 0 or 1"));
    }
    let unknown = || Refusal::not_found("no such key");
    let revoked = revoke_key(
        &app.store,
        Caller::of(&principal),
        (&id, query.cascade == 1),
        audit_context,
        app.now_ms(),
    )
    .await?;
    app.keys.look(&app.store).await?;
    revoked.map(axum::Json).ok_or_else(unknown)
}
