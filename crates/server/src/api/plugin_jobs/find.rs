//! One plugin job is looked at.

use axum::{extract::State, http::HeaderMap};
use wire::plugin_jobs::{ErrorBody, Job, JobProgress};

use super::{
    loaded, view,
    wait::{JobWait, WaitQuery},
};
use crate::{
    app::App,
    http::extract::{Params, PathRunId},
    refusal::Refusal,
};

/// The job as it is now, with what it left once it has ended; or, if that is asked for, when it has ended.
#[utoipa::path(get, path = "/playground/jobs/{id}", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id"), WaitQuery,
        ("Prefer" = Option<String>, Header, description = "`wait=N`, as the parameter; more than 60 \
            is taken as 60")),
    responses((status = 200, description = "The job", body = Job),
        (status = 400, description = "The wait is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Params(query): Params<WaitQuery>,
    headers: HeaderMap,
) -> Result<(HeaderMap, axum::Json<Job>), Refusal> {
    let wait = JobWait::asked(&query, &headers)?;
    let loaded = app.store.read(move |read| loaded::find(read, id)).await?;
    let loaded = wait.ended(&app, id, loaded).await?;
    Ok((wait.applied(), axum::Json(view::job(&loaded))))
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
