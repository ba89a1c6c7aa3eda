//! What browsers were when steps saved them, for callers who look after them.

use axum::{extract::State, http::StatusCode};
use store::{Batch, audit::Target};
use wire::{TimestampMs, browser::SavedBrowserState};

use crate::{app::App, audit::AuditContext, http::extract::PathParams, refusal::Refusal};

/// The saved states, by their names. What is in them is shown nowhere.
#[utoipa::path(get, path = "/api/browser-states", tag = "executions",
    responses((status = 200, description = "All of them", body = Vec<SavedBrowserState>)))]
pub(crate) async fn list(
    State(app): State<App>,
) -> Result<axum::Json<Vec<SavedBrowserState>>, Refusal> {
    let rows = app.store.read(store::browser_states::list).await?;
    let states = rows.into_iter().map(|row| SavedBrowserState {
        name: row.name,
        run_id: row.run_id.to_string(),
        saved_at: TimestampMs(row.saved_at),
    });
    Ok(axum::Json(states.collect()))
}

/// Deletes a saved state. Executions that have loaded it go on.
#[utoipa::path(delete, path = "/api/browser-states/{name}", tag = "executions",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204, description = "Deleted"), (status = 404, description = "No such state")))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathParams(name): PathParams<String>,
    audit_context: AuditContext,
) -> Result<StatusCode, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::one("browser-state", &name));
    let delete = move |batch: &mut Batch<'_, '_>| {
        let deleted = store::browser_states::delete(batch, &name)?;
        if deleted {
            batch.record(&entry);
        }
        Ok(deleted)
    };
    match app.store.write(delete).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::not_found("no such browser state")),
    }
}
