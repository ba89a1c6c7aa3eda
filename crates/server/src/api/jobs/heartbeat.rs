//! Executors keep or release what they hold.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use engine::{Command, Holder, Kind, RunId};
use store::runs::Heartbeat;
use wire::jobs::{Beat, Ended, ErrorBody, Job, Release};

use super::{finish, view};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::check,
    http::extract::{Json, PathRunId},
    refusal::Refusal,
};

/// Extends the lease, and says whether the job is to be stopped.
#[utoipa::path(put, path = "/api/v1/jobs/{id}/heartbeat", tag = "executors",
    request_body = wire::jobs::Holder, params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Extended", body = Beat),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 404, description = "No such job, or not held by the caller", body = ErrorBody)))]
pub(crate) async fn heartbeat(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    executor_identity: ExecutorIdentity,
    Json(request): Json<wire::jobs::Holder>,
) -> Result<axum::Json<Beat>, Refusal> {
    let holder = holder(
        &executor_identity,
        &request.executor_id,
        request.lease_token,
    )?;
    let beat = beat(&app, id, holder)
        .await
        .map_err(|error| Refusal::from(error).or_not_owned())?;
    Ok(axum::Json(Beat {
        cancel_requested: beat.signals.cancel > 0,
    }))
}

/// Extends one lease.
pub(super) async fn beat(
    app: &App,
    id: RunId,
    holder: Holder,
) -> Result<store::runs::Beat, store::Error> {
    let (lease_ms, now) = (app.lease_ms(), app.now_ms());
    app.store
        .heartbeat(Heartbeat {
            id,
            holder,
            lease_ms,
            now,
        })
        .await
}

/// Gives a run back unfinished: it is queued again. The attempt does not count, unless the executor
/// says what it lacks: then it is a lost one.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/release", tag = "executors",
    request_body = Release, params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Given back; of a run of another kind, id and status",
            body = Job),
        (status = 400, description = "Not held by the caller", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn release(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    executor_identity: ExecutorIdentity,
    Json(request): Json<Release>,
) -> Result<Response, Refusal> {
    let holder = holder(
        &executor_identity,
        &request.executor_id,
        request.lease_token,
    )?;
    let error = request.error_message.map(finish::message);
    let now = app.now_ms();
    let work = move |batch: &mut store::Batch<'_, '_>| {
        let holder = holder.clone();
        let command = match &error {
            Some(error) => Command::Abandon {
                holder,
                error: error.clone(),
            },
            None => Command::Release { holder },
        };
        store::runs::apply(batch, id, &command, now)?;
        // In the same transaction: the caller who hears of an error knows that nothing was done.
        store::runs::details(&mut batch.read(), id)
    };
    let details = app.store.write(work).await?;
    if details.run.kind == Kind::Job {
        return Ok(axum::Json(view::job(details)?).into_response());
    }
    let status = view::status(details.run.state.status()).to_owned();
    let id = id.to_string();
    Ok(axum::Json(Ended { id, status }).into_response())
}

/// Who says that it holds the lease.
pub(super) fn holder(
    executor_identity: &ExecutorIdentity,
    label: &str,
    token: Option<i64>,
) -> Result<Holder, Refusal> {
    check::name("executor_id", label)?;
    Ok(executor_identity.holder(label, token))
}
