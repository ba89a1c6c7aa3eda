//! A plugin job is started, and maybe waited for.

use axum::{extract::State, http::HeaderMap};
use engine::{Command, Kind, RunId};
use wire::plugin_jobs::{ErrorBody, Job};

use super::{
    cancel::target,
    loaded::{self, LoadedJob},
    view,
    wait::{JobWait, WaitQuery},
};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Params, PathRunId},
    refusal::Refusal,
};

/// Starts a job that was created. Starting it again changes nothing. Answers at once with the job as it
/// is then, or waits for its end if that is asked for.
#[utoipa::path(post, path = "/playground/jobs/{id}/start", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id"), WaitQuery,
        ("Prefer" = Option<String>, Header, description = "`wait=N`, as the parameter; more than 60 \
            is taken as 60")),
    responses((status = 200, description = "The job", body = Job),
        (status = 400, description = "The wait is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn start(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
    Params(wanted): Params<WaitQuery>,
    headers: HeaderMap,
) -> Result<(HeaderMap, axum::Json<Job>), Refusal> {
    let wait = JobWait::asked(&wanted, &headers)?;
    let loaded = unhold(&app, audit_context, id).await?;
    let loaded = wait.ended(&app, id, loaded).await?;
    Ok((wait.applied(), axum::Json(view::job(&loaded))))
}

/// Starts a held job; one that is held no longer stays as it is.
async fn unhold(
    app: &App,
    audit_context: AuditContext,
    id: RunId,
) -> Result<LoadedJob, store::Error> {
    let (aging_step_ms, now) = (app.aging_step_ms(), app.now_ms());
    let entry = audit_context.entry(now, target(id));
    let work = move |batch: &mut store::Batch<'_, '_>| {
        let command = Command::Unhold { aging_step_ms };
        let started = match store::runs::entry(batch, Kind::PluginJob, id, &command, &entry) {
            Ok(_) => true,
            Err(store::Error::Rejected(_)) => false,
            Err(error) => return Err(error),
        };
        let mut loaded = loaded::find(&mut batch.read(), id)?;
        if started {
            // Its event is numbered, and so can be read, at the end of the transaction.
            loaded.updated_at = now;
        }
        Ok(loaded)
    };
    app.store.write(work).await
}
