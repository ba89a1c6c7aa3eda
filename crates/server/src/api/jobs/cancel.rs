//! Jobs are called off.

use axum::extract::State;
use engine::{Command, Kind};
use wire::jobs::{ErrorBody, Job};

use super::{submit::target, view};
use crate::{
    app::App, audit::AuditContext, http::extract::PathRunId, refusal::Refusal, runs::command::apply,
};

/// Cancels a job that is pending.
#[utoipa::path(delete, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Cancelled", body = Job),
        (status = 400, description = "It is not pending", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn pending(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Job>, Refusal> {
    command(&app, audit_context, id, Command::CancelPending).await
}

/// Cancels a job wherever it stands: a running one is stopped by its executor.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Cancelled, or asked to stop", body = Job),
        (status = 400, description = "It has ended", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn anywhere(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Job>, Refusal> {
    command(
        &app,
        audit_context,
        id,
        Command::signal(engine::Signal::Cancel),
    )
    .await
}

/// Applies a command to a job, writes down who asked for it, and answers with the job as it is then.
pub(super) async fn command(
    app: &App,
    audit_context: AuditContext,
    id: engine::RunId,
    command: Command,
) -> Result<axum::Json<Job>, Refusal> {
    let entry = audit_context.entry(app.now_ms(), target(&[id]));
    let details = apply(app, (Kind::Job, id), command, entry, store::runs::details);
    Ok(axum::Json(view::job(details.await?)?))
}
