//! What operators ask of an execution.

use axum::extract::State;
use engine::{Kind, RunId};
use store::{Batch, audit::Target};
use wire::playbooks::Steered;

use crate::{
    app::App, audit::AuditContext, executions, http::extract::PathRunId, kinds::Control,
    refusal::Refusal,
};

/// A handler for each thing that may be asked for.
macro_rules! handlers {
    ($($name:ident = $control:ident, $path:literal, $done:literal, $does:literal;)+) => { $(
        #[doc = $does]
        #[utoipa::path(post, path = $path, tag = "executions",
            params(("id" = String, Path, description = "Execution id")),
            responses((status = 200, description = "It is on disk", body = Steered),
                (status = 400, description = "Its status does not allow it"),
                (status = 404, description = "No such execution")))]
        pub(crate) async fn $name(
            State(app): State<App>,
            audit_context: AuditContext,
            PathRunId(id): PathRunId,
        ) -> Result<axum::Json<Steered>, Refusal> {
            ask(&app, id, (Control::$control, $done), audit_context).await
        }
    )+ };
}

handlers! {
    pause = Pause, "/api/executions/{id}/pause", "Execution paused",
        "Pauses an execution: at once where it waits or sleeps, else when the step that runs has ended.";
    resume = Resume, "/api/executions/{id}/resume", "Execution resumed",
        "Lets a paused execution go on.";
    cancel = Cancel, "/api/executions/{id}/cancel", "Execution cancelled",
        "Cancels an execution: the step that runs is ended, with all its processes.";
    skip = Skip, "/api/executions/{id}/skip", "Step skipped",
        "Ends the step that waits, or leaves out the next one.";
}

/// Asks something of an execution and records who did, in one transaction.
async fn ask(
    app: &App,
    id: RunId,
    (control, done): (Control, &'static str),
    audit_context: AuditContext,
) -> Result<axum::Json<Steered>, Refusal> {
    let (now, command) = (app.now_ms(), control.command(app.aging_step_ms()));
    let entry = audit_context.entry(now, Target::runs(Kind::Execution.as_str(), &[id]));
    let work = move |batch: &mut Batch<'_, '_>| match store::runs::entry(
        batch,
        Kind::Execution,
        id,
        &command,
        &entry,
    ) {
        Ok(_) => Ok(Ok(())),
        Err(store::Error::Rejected(rejected)) => {
            Ok(Err(executions::cannot_be(control, rejected.status, id)))
        }
        Err(error) => Err(error),
    };
    app.store.write(work).await??;
    Ok(axum::Json(Steered {
        message: done.to_owned(),
        execution_id: id.to_string(),
    }))
}
