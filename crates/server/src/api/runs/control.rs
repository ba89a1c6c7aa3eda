//! What operators ask of a run.

use axum::{Extension, extract::State};
use engine::{Kind, RunId};
use store::{Batch, audit::Target};
use wire::runs::RunDetails;

use super::{details, find};
use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    executions::{self, RetryRequest},
    http::extract::PathRunId,
    kinds::{self, Control},
    refusal::Refusal,
    runs::cannot,
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
    let requester = executions::requester(&audit_context.actor);
    let entry = audit_context.entry(now, Target::default());
    let kind = app
        .store
        .read(move |read| store::runs::kind(read, id))
        .await?;
    // Its steps say from where it goes on.
    let prepared = if (kind, control) == (Kind::Execution, Control::Retry) {
        let request = RetryRequest {
            requester,
            ..RetryRequest::default()
        };
        // Who may not see it does not learn of it, and its state is looked at below.
        executions::prepare_retry(app, id, request).await.ok()
    } else {
        None
    };
    let work = move |batch: &mut Batch<'_, '_>| {
        let run = find(&mut batch.read(), &principal, id)?.run;
        let rules = kinds::of(run.kind);
        let scope = rules.scope(control);
        if let Err(refusal) = principal.must_allow(scope) {
            return Ok(Err(refusal));
        }
        if let Some(why) = rules.refuses(control, run.state.status()) {
            return Ok(Err(Refusal::conflict(why)));
        }
        let entry = entry.clone().on(Target::runs(run.kind.as_str(), &[id]));
        let done = match &prepared {
            Some(prepared) => match executions::restart(batch, id, prepared, &entry) {
                Ok(Err(refusal)) => return Ok(Err(refusal)),
                Ok(Ok(())) => Ok(()),
                Err(error) => Err(error),
            },
            None => store::runs::entry(batch, run.kind, id, &command, &entry).map(drop),
        };
        match done {
            Ok(()) => details::shown(&mut batch.read(), &principal, id, now).map(Ok),
            Err(store::Error::Rejected(rejected)) => {
                let why = cannot(rules.noun, control, rejected.status);
                Ok(Err(Refusal::conflict(format!("the {why}"))))
            }
            Err(error) => Err(error),
        }
    };
    let run = app.store.write(work).await?;
    run.map(axum::Json)
}
