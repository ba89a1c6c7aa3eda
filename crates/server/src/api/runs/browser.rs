//! What a person does in the browser of a paused run.

use axum::{Extension, extract::State};
use wire::browser::{BrowserInput, BrowserPlace};

use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathRunId},
    kinds::{self, Control},
    refusal::Refusal,
    runs::steer_browser,
};

/// Does in the page of a paused run what a person does: clicks, types, scrolls, opens an address. The executor does
/// it; the audit log has who did what, without what was typed.
#[utoipa::path(post, path = "/api/runs/{id}/browser", tag = "runs", request_body = BrowserInput,
    params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "Where the page is then", body = BrowserPlace),
        (status = 400, description = "A field is wrong"),
        (status = 404, description = "No such run"),
        (status = 409, description = "It is not paused, has no browser, or the page does not take it"),
        (status = 503, description = "Its executor cannot answer"),
        (status = 504, description = "Its executor does not answer")))]
pub(crate) async fn steer(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    audit_context: AuditContext,
    Json(input): Json<BrowserInput>,
) -> Result<axum::Json<BrowserPlace>, Refusal> {
    let details = super::found(&app, &principal, id).await?;
    let scope = kinds::of(details.run.kind).scope(Control::Resume);
    principal.must_allow(scope)?;
    let place = steer_browser(&app, &details.run, input, audit_context).await?;
    Ok(axum::Json(place))
}
