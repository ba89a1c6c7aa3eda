//! The first key is made with what the server printed at its start.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use wire::keys::{CreatedKey, NewKey, Setup};

use crate::{
    access::{Caller, issue},
    app::App,
    audit::AuditContext,
    http::extract::Json,
    refusal::Refusal,
};

/// Nothing from elsewhere, nothing but the page's own, and no frames.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page that makes the first key: what the link leads to that the server prints. Behind the link's
/// `#` stands the token.
#[utoipa::path(get, path = "/api/setup", tag = "keys",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(crate) async fn page() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    (policy, Html(include_str!("setup.html"))).into_response()
}

/// Makes the first key, an admin's, from anywhere. The token is good for one key, and only while there
/// is none.
#[utoipa::path(post, path = "/api/setup", tag = "keys", request_body = Setup,
    responses((status = 201, description = "Made; the key is shown this once", body = CreatedKey),
        (status = 400, description = "A field is wrong"),
        (status = 401, description = "The token is not good, or there are keys already")))]
pub(crate) async fn setup(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(setup): Json<Setup>,
) -> Result<(StatusCode, axum::Json<CreatedKey>), Refusal> {
    let new = NewKey {
        name: setup.name,
        role: "admin".to_owned(),
        ..NewKey::default()
    };
    let (caller, audit_context) = (Caller::Setup(setup.token), audit_context.known_as("setup"));
    let created = issue(&app.store, caller, &new, audit_context, app.now_ms()).await?;
    app.keys.look(&app.store).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}
