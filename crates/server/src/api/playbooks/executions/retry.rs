//! An execution goes back to one of its steps.

use axum::{
    Extension,
    extract::{Request, State},
};
use engine::{Kind, RunId};
use store::{Batch, audit::Target};
use wire::{
    Object,
    playbooks::{RetryExecution, Steered},
};

use crate::{
    access::{Principal, Scope},
    app::App,
    audit::AuditContext,
    executions::{self, Prepared, RetryRequest},
    http::{body, extract::PathRunId, json},
    refusal::Refusal,
};

/// Queues an execution again that has ended, from its failed step or from an earlier one. What it did before
/// stays in its history.
#[utoipa::path(post, path = "/api/executions/{id}/retry", tag = "executions",
    params(("id" = String, Path, description = "Execution id")), request_body = RetryExecution,
    responses((status = 200, description = "It is on disk", body = Steered),
        (status = 400, description = "It has not ended, or a field or a parameter is wrong"),
        (status = 404, description = "No such execution or credential")))]
pub(crate) async fn retry(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
    request: Request,
) -> Result<axum::Json<Steered>, Refusal> {
    let bytes = body::read_json(request, json::BODY_LIMIT).await?;
    let wanted = match bytes.trim_ascii() {
        b"" | b"null" => RetryExecution::default(),
        bytes => {
            let Object(wanted) = json::parse_within(bytes, json::HANDED_ON_DEPTH_LIMIT)?;
            wanted
        }
    };
    if wanted.parameters.is_some() {
        principal.must_allow(Scope::PlaybooksExecute)?;
    }
    let request = RetryRequest {
        from_step: wanted.from_step,
        parameters: wanted.parameters,
        requester: executions::requester(&audit_context.actor),
    };
    let prepared = executions::prepare_retry(&app, id, request).await?;
    write(&app, id, prepared, audit_context, "Execution queued again").await
}

/// Lets a paused execution go back by one step at the top level; it stays paused.
#[utoipa::path(post, path = "/api/executions/{id}/skip_back", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "It is on disk", body = Steered),
        (status = 400, description = "It is not paused, or there is no step before"),
        (status = 404, description = "No such execution")))]
pub(crate) async fn skip_back(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Steered>, Refusal> {
    let prepared = executions::prepare_step_back(&app, id).await?;
    write(
        &app,
        id,
        prepared,
        audit_context,
        "Execution goes back one step",
    )
    .await
}

async fn write(
    app: &App,
    id: RunId,
    prepared: Prepared,
    audit_context: AuditContext,
    done: &str,
) -> Result<axum::Json<Steered>, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::runs(Kind::Execution.as_str(), &[id]));
    let work = move |batch: &mut Batch<'_, '_>| executions::restart(batch, id, &prepared, &entry);
    app.store.write(work).await??;
    Ok(axum::Json(Steered {
        message: done.to_owned(),
        execution_id: id.to_string(),
    }))
}
