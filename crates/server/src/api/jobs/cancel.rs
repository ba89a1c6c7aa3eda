//! Jobs are called off.

use axum::extract::State;
use engine::{Command, Kind};
use wire::jobs::{ErrorBody, Job};

use super::{Error, extract::JobId, view};
use crate::app::App;

/// Cancels a job that is pending.
#[utoipa::path(delete, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Cancelled", body = Job),
        (status = 400, description = "It is not pending", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn pending(
    State(app): State<App>,
    JobId(id): JobId,
) -> Result<axum::Json<Job>, Error> {
    command(&app, id, Command::CancelPending).await
}

/// Cancels a job wherever it stands: a running one is stopped by its executor.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Cancelled, or asked to stop", body = Job),
        (status = 400, description = "It has ended", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn anywhere(
    State(app): State<App>,
    JobId(id): JobId,
) -> Result<axum::Json<Job>, Error> {
    command(&app, id, Command::Cancel).await
}

/// Applies a command to a job and answers with it as it is then.
pub(super) async fn command(
    app: &App,
    id: engine::RunId,
    command: Command,
) -> Result<axum::Json<Job>, Error> {
    let now = app.now_ms();
    let work = move |batch: &mut store::Batch<'_, '_>| {
        store::runs::apply_to(batch, Kind::Job, id, &command, now)?;
        // In the same transaction: whoever hears of an error knows that nothing was done.
        store::runs::details(&mut batch.read(), id)
    };
    let details = app.store.write(work).await?;
    view::job(details).map(axum::Json)
}
