//! One plugin job is looked at.

use axum::extract::State;
use wire::plugin_jobs::{ErrorBody, Job, JobProgress};

use super::{loaded, view};
use crate::{app::App, http::extract::PathRunId, refusal::Refusal};

/// The job as it is now, with what it left once it has ended.
#[utoipa::path(get, path = "/playground/jobs/{id}", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "The job", body = Job),
        (status = 404, description = "No such job", body = ErrorBody),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Job>, Refusal> {
    let loaded = app.store.read(move |read| loaded::find(read, id)).await?;
    Ok(axum::Json(view::job(&loaded)))
}

/// How far the job is now.
#[utoipa::path(get, path = "/playground/jobs/{id}/progress", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "How far it is", body = JobProgress),
        (status = 404, description = "No such job", body = ErrorBody),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn progress(
    State(app): State<App>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<JobProgress>, Refusal> {
    let loaded = app.store.read(move |read| loaded::find(read, id)).await?;
    Ok(axum::Json(view::progress(&loaded)))
}
