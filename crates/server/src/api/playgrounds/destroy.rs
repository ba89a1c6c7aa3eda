//! Playgrounds are destroyed.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use store::audit::Target;
use wire::{executors::operations::OperationAction, playgrounds::Playground};

use super::{replay, show};
use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    http::extract::PathParams,
    playgrounds::{Start, Started, is_being_destroyed, row_of, start_destroy},
    refusal::Refusal,
};

/// Destroys a playground with everything that belongs to it, in the background: it is `destroying`, and then gone. An
/// operation that has not ended is cancelled first.
#[utoipa::path(delete, path = "/api/playgrounds/{id}", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 202, description = "The playground, which is being destroyed", body = Playground),
        (status = 404, description = "No such playground"),
        (status = 409, description = "It was changed at the same time, again and again")))]
pub(crate) async fn destroy(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<(StatusCode, HeaderMap, axum::Json<Playground>), Refusal> {
    let row = row_of(&app, &id).await?;
    let mut replayed = false;
    if !is_being_destroyed(&app, &row).await? {
        let target = Target::one("playground", row.id.to_string());
        let started = start_destroy(
            &app,
            Start {
                idempotency: replay::key(&headers, uri.path(), b"")?,
                ..Start::plain(
                    row.id,
                    OperationAction::Destroy,
                    audit_context.entry(app.now_ms(), target),
                )
            },
        )
        .await?;
        replayed = started == Started::Repeated;
    }
    let shown = show::shown(&app, &principal, row.id).await?;
    let headers = replay::headers(replayed);
    Ok((StatusCode::ACCEPTED, headers, axum::Json(shown)))
}
