//! What a schedule starts is started by hand.

use axum::extract::State;
use store::{Batch, audit::Target, schedules};
use wire::playbooks::StartedExecution;

use super::{contended, find_row};
use crate::{
    app::App,
    audit::AuditContext,
    executions,
    http::extract::PathParams,
    refusal::Refusal,
    schedules::{Definition, start},
};

/// Starts what a schedule starts, now. Its times stay as they are, and a disabled one stays disabled.
#[utoipa::path(post, path = "/api/schedules/{id}/run", tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "Started", body = StartedExecution),
        (status = 400, description = "The playbook cannot be started so"),
        (status = 404, description = "No such schedule, playbook or credential"),
        (status = 409, description = "The execution that it started last has not ended")))]
pub(crate) async fn run(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
) -> Result<axum::Json<StartedExecution>, Refusal> {
    let row = find_row(&app, &id).await?;
    let definition = Definition::decode(&row.body)?;
    let requester = &audit_context.actor;
    let start = start(&app, &row.id, definition.start, None, requester).await?;
    let (run, name) = (start.id, start.playbook_name.clone());
    let entry = audit_context.entry(app.now_ms(), Target::one("schedule", &row.id));
    let submit = start.submit(&app, &entry.detail(format!("execution {run}")));
    let work = move |batch: &mut Batch<'_, '_>| {
        if let Some((last, _)) = row.last_run
            && schedules::is_live(&mut batch.read(), last)?
        {
            let message = format!("execution {last}, which it started last, has not ended");
            return Ok(Err(
                Refusal::conflict(message).about("execution_id", last.to_string())
            ));
        }
        if schedules::start(batch, &row, None, &submit)? {
            Ok(Ok(()))
        } else {
            Ok(Err(contended()))
        }
    };
    app.store.write(work).await??;
    Ok(axum::Json(executions::started(run, name)))
}
