//! Executors join with a token that an admin made.

use axum::{Extension, extract::State, http::StatusCode};
use wire::keys::{CreatedKey, Join, JoinToken, NewJoinToken, NewKey};

use crate::{
    access::{Caller, Principal, issue, join_token},
    app::App,
    audit::AuditContext,
    http::extract::Json,
    refusal::Refusal,
};

/// Makes a token with which one executor joins. It is void when the key that made it is revoked.
#[utoipa::path(post, path = "/api/join-tokens", tag = "keys", request_body = NewJoinToken,
    responses((status = 201, description = "Made; the token is shown this once", body = JoinToken),
        (status = 400, description = "A field is wrong, or there are no keys yet"),
        (status = 403, description = "An executor's key would allow more than the caller's own")))]
pub(crate) async fn token(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    Json(new): Json<NewJoinToken>,
) -> Result<(StatusCode, axum::Json<JoinToken>), Refusal> {
    let caller = Caller::of(&principal);
    let issuer = principal.key().map_or("", |key| key.id.as_str());
    let token = join_token(
        &app.store,
        caller,
        issuer,
        &new,
        audit_context,
        app.now_ms(),
    )
    .await?;
    Ok((StatusCode::CREATED, axum::Json(token)))
}

/// Trades a token for a key of the role `executor` that is bound to `name`. A token is good for one key; one
/// whose key was refused is still good.
#[utoipa::path(post, path = "/api/join", tag = "keys", request_body = Join,
    responses((status = 201, description = "Made; the key is shown this once", body = CreatedKey),
        (status = 400, description = "A field is wrong, or there are no keys yet"),
        (status = 401, description = "The token is not good"),
        (status = 409, description = "A live key, or an executor at work without a key, has the name")))]
pub(crate) async fn join(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(join): Json<Join>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), Refusal> {
    let new = NewKey {
        name: join.name,
        role: "executor".to_owned(),
        ..NewKey::default()
    };
    let now = app.now_ms();
    let caller = Caller::Join {
        token: join.token,
        at_work_since: now.saturating_sub(2 * app.lease_ms()),
    };
    let created = issue(
        &app.store,
        caller,
        &new,
        audit_context.known_as("join"),
        now,
    )
    .await?;
    app.keys.look(&app.store).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}
