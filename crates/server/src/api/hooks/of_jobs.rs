//! Deliveries of a job's own webhook, for callers that may read the job.

use axum::{Extension, extract::State, http::HeaderMap};
use engine::{Kind, RunId};
use wire::{hooks::Delivery, jobs::ErrorBody, plugin_jobs};

use super::deliveries::{DeliveriesPage, Wanted, page};
use crate::{
    Principal,
    access::Scope,
    app::App,
    http::extract::{Params, PathRunId},
    outbound::Refused,
    refusal::Refusal,
};

/// Lists what was sent to the job's own webhook, newest first; nothing of a job that has none.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/deliveries", tag = "jobs",
    params(("id" = String, Path, description = "Job id"), Wanted),
    responses((status = 200, description = "A page of deliveries; `Link` names the next",
            body = Vec<Delivery>),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn of_job(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Extension(principal): Extension<Principal>,
    Params(wanted): Params<Wanted>,
) -> Result<(HeaderMap, axum::Json<Vec<Delivery>>), Refusal> {
    of_run(&app, &principal, (Kind::Job, id), "/api/v1/jobs", &wanted).await
}

/// Lists what was sent to the job's own webhook, newest first; nothing of a job that has none.
#[utoipa::path(get, path = "/playground/jobs/{id}/deliveries", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id"), Wanted),
    responses((status = 200, description = "A page of deliveries; `Link` names the next",
            body = Vec<Delivery>),
        (status = 400, description = "A parameter is wrong", body = plugin_jobs::ErrorBody),
        (status = 404, description = "No such job", body = plugin_jobs::ErrorBody)))]
pub(crate) async fn of_plugin_job(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Extension(principal): Extension<Principal>,
    Params(wanted): Params<Wanted>,
) -> Result<(HeaderMap, axum::Json<Vec<Delivery>>), Refusal> {
    of_run(
        &app,
        &principal,
        (Kind::PluginJob, id),
        "/playground/jobs",
        &wanted,
    )
    .await
}

/// A run's hook has the run's id.
async fn of_run(
    app: &App,
    principal: &Principal,
    (kind, id): (Kind, RunId),
    jobs: &str,
    wanted: &Wanted,
) -> Result<DeliveriesPage, Refusal> {
    let limit = wanted.limit()?;
    let run = app.store.read(move |read| store::runs::outline(read, id));
    if run.await?.run.kind != kind {
        return Err(store::Error::NotFound(id).into());
    }
    let path = format!("{jobs}/{id}/deliveries");
    let (headers, mut deliveries) =
        page(app, id.to_string(), &path, (wanted.before, limit)).await?;
    // Who submits jobs learns nothing of the server's own network.
    if !principal.scopes().allow(Scope::HooksRead) {
        let errors = deliveries.iter_mut().filter_map(|one| one.error.as_mut());
        for error in errors.filter(|error| Refused::is_told_in(error)) {
            "the server may not call this address".clone_into(error);
        }
    }
    Ok((headers, deliveries))
}
