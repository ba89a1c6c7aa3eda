//! An execution is deleted.

use axum::extract::State;
use engine::Kind;
use store::{Batch, audit::Target};
use wire::playbooks::Deleted;

use crate::{app::App, audit::AuditContext, http::extract::PathRunId, refusal::Refusal};

/// What a screenshot is called among the artefacts of an execution.
const SCREENSHOTS: &str = "screenshots/";

/// Deletes an execution that has ended, with all that it left. Its events stay in the log until they are old.
#[utoipa::path(delete, path = "/api/executions/{id}", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "Deleted", body = Deleted),
        (status = 400, description = "It has not ended: cancel it"),
        (status = 404, description = "No such execution")))]
pub(crate) async fn delete(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Deleted>, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::runs(Kind::Execution.as_str(), &[id]));
    let work = move |batch: &mut Batch<'_, '_>| {
        let artifacts = store::artifacts::list(&mut batch.read(), id)?;
        match store::retention::run(batch, Kind::Execution, id) {
            Ok(_) => {}
            Err(store::Error::Rejected(rejected)) => {
                let message = format!(
                    "The execution is {}: it can be deleted when it has ended",
                    rejected.status
                );
                return Ok(Err(
                    Refusal::bad_request(message).about("execution_id", id.to_string())
                ));
            }
            Err(error) => return Err(error),
        }
        batch.record(&entry);
        let screenshots = artifacts
            .iter()
            .filter(|one| one.name.starts_with(SCREENSHOTS));
        Ok(Ok(screenshots.count()))
    };
    let screenshots = app.store.write(work).await??;
    Ok(axum::Json(Deleted {
        message: "Execution deleted successfully".to_owned(),
        execution_id: id.to_string(),
        screenshots_deleted: i64::try_from(screenshots).unwrap_or(i64::MAX),
    }))
}
