//! Steps make, change, use and destroy playgrounds.

use axum::extract::State;
use store::{Read, audit::Target, children::PartTry};
use wire::executors::{AskPlayground, AskedPlayground};

use super::{
    approvals::{started, started_by},
    holder, refuse,
};
use crate::{
    access::ExecutorIdentity,
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathRunId},
    playgrounds::{self, StepOfRun},
    refusal::Refusal,
};

/// Starts an operation on a playground for a step of an execution, or answers how it stands: asked again for the same
/// try of the same part, it is the same operation. The execution is woken by its end.
#[utoipa::path(post, path = "/api/runs/{id}/playgrounds", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = AskPlayground,
    responses((status = 200, description = "How it stands", body = AskedPlayground),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such run or playground, or the lease is another's"),
        (status = 409, description = "The run was cancelled"),
        (status = 422, description = "A field is wrong, or the playground's status does not allow it")))]
pub(crate) async fn ask(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    audit_context: AuditContext,
    Json(request): Json<AskPlayground>,
) -> Result<axum::Json<AskedPlayground>, Refusal> {
    let holder = holder(&identity, &request.lease.executor, request.lease.token)?;
    let owner = holder.clone();
    let read = move |read: &mut Read<'_, '_>| {
        store::runs::owned(read, id, &owner, "ask for a playground")?;
        // Only executions have steps that may.
        started_by(read, id)
    };
    let requester = app.store.read(read).await.map_err(refuse)?.requester;
    let step = StepOfRun {
        of: PartTry {
            run: id,
            part: request.lease.part,
            tries: i64::from(request.lease.tries),
        },
        holder,
    };
    let entry = audit_context.entry(app.now_ms(), Target::one("playground", ""));
    let entry = entry.detail(started(&request.step, id, requester.as_ref()));
    let asked = playgrounds::ask(&app, step, request.request, entry).await?;
    Ok(axum::Json(asked))
}
