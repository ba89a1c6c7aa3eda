//! Plugin jobs are called off, and deleted.

use axum::extract::State;
use engine::{Command, Kind, RunId, State as RunState};
use store::audit::Target;
use wire::plugin_jobs::{ErrorBody, Job};

use super::{loaded, view};
use crate::{
    app::App, audit::AuditContext, http::extract::PathRunId, refusal::Refusal, runs::command::apply,
};

/// What the audit says is asked of a job.
pub(super) fn target(id: RunId) -> Target {
    Target::runs(Kind::PluginJob.as_str(), &[id])
}

/// Cancels a job wherever it stands: a running one is stopped by its executor, which takes a moment.
#[utoipa::path(post, path = "/playground/jobs/{id}/cancel", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Cancelled, or asked to stop", body = Job),
        (status = 400, description = "It has ended", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Job>, Refusal> {
    let now = app.now_ms();
    let entry = audit_context.entry(now, target(id));
    let run = (Kind::PluginJob, id);
    let mut loaded = apply(
        &app,
        run,
        Command::signal(engine::Signal::Cancel),
        entry,
        loaded::find,
    )
    .await?;
    // Its event is numbered, and so can be read, at the end of the transaction.
    loaded.updated_at = now;
    Ok(axum::Json(view::job(&loaded)))
}

/// Deletes a job that has ended, or was never started, with all that it left; answers with it as it
/// was. Its events stay in the log until they are old.
#[utoipa::path(delete, path = "/playground/jobs/{id}", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Deleted", body = Job),
        (status = 400, description = "It is started and has not ended: cancel it", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn delete(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Job>, Refusal> {
    let now = app.now_ms();
    let entry = audit_context.entry(now, target(id));
    let work = move |batch: &mut store::Batch<'_, '_>| {
        let loaded = loaded::find(&mut batch.read(), id)?;
        if loaded.details.run.state == RunState::Held {
            // Its followers learn of its end.
            store::runs::apply_to(batch, Kind::PluginJob, id, &Command::CancelPending, now)?;
        }
        store::retention::run(batch, Kind::PluginJob, id)?;
        batch.record(&entry);
        Ok(loaded)
    };
    let loaded = app.store.write(work).await?;
    Ok(axum::Json(view::job(&loaded)))
}
