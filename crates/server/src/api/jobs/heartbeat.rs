//! Executors extend their leases.

use axum::extract::State;
use engine::Holder;
use store::runs::Heartbeat;
use wire::jobs::{Beat, ErrorBody};

use crate::{
    access::ExecutorIdentity,
    app::App,
    http::{
        check,
        extract::{Json, PathRunId},
    },
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
    let (lease_ms, now) = (app.lease_ms(), app.now_ms());
    let beat = app.store.heartbeat(Heartbeat {
        id,
        holder,
        lease_ms,
        now,
    });
    let beat = beat
        .await
        .map_err(|error| Refusal::from(error).or_not_owned())?;
    Ok(axum::Json(Beat {
        cancel_requested: beat.signals.cancel > 0,
    }))
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
