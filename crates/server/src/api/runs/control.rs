//! What operators ask of a run.

use axum::{Extension, extract::State};
use engine::{RunId, Status};
use store::{Batch, audit::Target};
use wire::runs::RunDetails;

use super::{details, find};
use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    http::extract::PathRunId,
    kinds::{self, Control},
    refusal::{Refusal, RefusalKind},
};

/// A handler for each thing that may be asked for.
macro_rules! handlers {
    ($($name:ident = $control:ident, $path:literal, $does:literal;)+) => { $(
        #[doc = $does]
        #[utoipa::path(post, path = $path, tag = "runs",
            params(("id" = String, Path, description = "Run id")),
            responses((status = 200, description = "The run after it", body = RunDetails),
                (status = 404, description = "No such run"),
                (status = 409, description = "Its kind or its status does not allow it")))]
        pub(crate) async fn $name(
            State(app): State<App>,
            Extension(principal): Extension<Principal>,
            PathRunId(id): PathRunId,
            audit_context: AuditContext,
        ) -> Result<axum::Json<RunDetails>, Refusal> {
            ask(&app, principal, id, Control::$control, audit_context).await
        }
    )+ };
}

handlers! {
    pause = Pause, "/api/runs/{id}/pause",
        "Pauses a run: at once when no executor performs it, else after the part that runs.";
    resume = Resume, "/api/runs/{id}/resume", "Lets a paused run go on.";
    skip = Skip, "/api/runs/{id}/skip", "Ends the part that waits as skipped, or skips the next one.";
    cancel = Cancel, "/api/runs/{id}/cancel",
        "Cancels a run and all that belong to it; a running one is stopped by its executor.";
    retry = Retry, "/api/runs/{id}/retry",
        "Queues an ended run again, with all its attempts before it.";
}

/// Asks something of a run and records who did, in one transaction.
async fn ask(
    app: &App,
    principal: Principal,
    id: RunId,
    control: Control,
    audit_context: AuditContext,
) -> Result<axum::Json<RunDetails>, Refusal> {
    let (now, command) = (app.now_ms(), control.command(app.aging_step_ms()));
    let entry = audit_context.entry(now, Target::default());
    let work = move |batch: &mut Batch<'_, '_>| {
        let run = find(&mut batch.read(), &principal, id)?.run;
        let rules = kinds::of(run.kind);
        let scope = rules.scope(control);
        if !principal.scopes().allow(scope) {
            let message = format!("the key does not have the scope {}", scope.as_str());
            return Ok(Err(Refusal::new(RefusalKind::Forbidden, message)));
        }
        if let Some(why) = rules.refuses(control, run.state.status()) {
            return Ok(Err(Refusal::conflict(why)));
        }
        let entry = entry.clone().on(Target::runs(run.kind.as_str(), &[id]));
        match store::runs::entry(batch, run.kind, id, &command, &entry) {
            Ok(_) => details::shown(&mut batch.read(), &principal, id, now).map(Ok),
            Err(store::Error::Rejected(rejected)) => {
                let (noun, done) = (rules.noun, control.participle());
                let status = match rejected.status {
                    Status::Completed | Status::Failed => format!("has {}", rejected.status),
                    Status::Cancelled => "was cancelled".to_owned(),
                    status => format!("is {status}"),
                };
                let why = format!("the {noun} {status}, so it cannot be {done}");
                Ok(Err(Refusal::conflict(why)))
            }
            Err(error) => Err(error),
        }
    };
    let run = app.store.write(work).await?;
    run.map(axum::Json)
}
