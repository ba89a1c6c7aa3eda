//! An ended job starts anew.

use axum::extract::State;
use engine::Command;
use wire::jobs::{ErrorBody, Job};

use super::{Error, cancel::command, extract::JobId};
use crate::{app::App, audit::Asker};

/// Puts a completed, failed or cancelled job back into the queue, with all its attempts before it.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Pending again", body = Job),
        (status = 400, description = "It has not ended", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn retry(
    State(app): State<App>,
    asker: Asker,
    JobId(id): JobId,
) -> Result<axum::Json<Job>, Error> {
    let bound_ms = app.bound_ms();
    command(&app, asker, id, Command::Retry { bound_ms }).await
}
