//! An ended job starts again.

use axum::extract::State;
use engine::Command;
use wire::jobs::{ErrorBody, Job};

use super::cancel::command;
use crate::{app::App, audit::AuditContext, http::extract::PathRunId, refusal::Refusal};

/// Puts a completed, failed or cancelled job back into the queue, with all its attempts before it.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Pending again", body = Job),
        (status = 400, description = "It has not ended", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn retry(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Job>, Refusal> {
    let aging_step_ms = app.aging_step_ms();
    command(&app, audit_context, id, Command::Retry { aging_step_ms }).await
}
