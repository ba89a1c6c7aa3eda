//! The text of an execution's playbook, and whether the execution pauses after each step.

use axum::extract::State;
use engine::{Kind, RunId};
use store::{Batch, audit::Target};
use wire::playbooks::{DebugMode, ExecutionCode, ExecutionInput};

use crate::{
    app::App, audit::AuditContext, executions, http::extract::PathRunId, refusal::Refusal,
};

/// The playbook that an execution was started with, whatever the library has now.
#[utoipa::path(get, path = "/api/executions/{id}/playbook/code", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "Its text", body = ExecutionCode),
        (status = 404, description = "No such execution")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<ExecutionCode>, Refusal> {
    let details = app.store.read(move |read| {
        let details = store::runs::details(read, id)?;
        match details.run.kind {
            Kind::Execution => Ok(details),
            _ => Err(store::Error::NotFound(id)),
        }
    });
    let details = details.await?;
    let input: ExecutionInput = serde_json::from_slice(&details.input)
        .map_err(|error| store::Error::Corrupt(format!("an execution's input: {error}")))?;
    let code = input.playbooks.get(&input.playbook_path).cloned();
    Ok(axum::Json(ExecutionCode {
        execution_id: id.to_string(),
        playbook_path: input.playbook_path,
        playbook_name: details.run.name,
        code: code.unwrap_or_default(),
    }))
}

/// From the next time on that it goes on, an execution pauses after each step.
#[utoipa::path(post, path = "/api/executions/{id}/debug/enable", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "It is on disk", body = DebugMode),
        (status = 404, description = "No such execution")))]
pub(crate) async fn enable_debug(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<DebugMode>, Refusal> {
    debug(&app, id, true, audit_context).await
}

/// From the next time on that it goes on, an execution does not pause after each step.
#[utoipa::path(post, path = "/api/executions/{id}/debug/disable", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "It is on disk", body = DebugMode),
        (status = 404, description = "No such execution")))]
pub(crate) async fn disable_debug(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<DebugMode>, Refusal> {
    debug(&app, id, false, audit_context).await
}

async fn debug(
    app: &App,
    id: RunId,
    debug_mode: bool,
    audit_context: AuditContext,
) -> Result<axum::Json<DebugMode>, Refusal> {
    let prepared = executions::prepare_debug(app, id, debug_mode).await?;
    let entry = audit_context.entry(app.now_ms(), Target::runs(Kind::Execution.as_str(), &[id]));
    let work = move |batch: &mut Batch<'_, '_>| executions::restart(batch, id, &prepared, &entry);
    app.store.write(work).await??;
    app.executions.forget(id);
    let done = if debug_mode { "enabled" } else { "disabled" };
    Ok(axum::Json(DebugMode {
        status: "success".to_owned(),
        execution_id: id.to_string(),
        debug_mode,
        message: format!("Debug mode {done}"),
    }))
}
