//! Executors release runs that they do not finish.

use axum::{extract::State, http::StatusCode};
use engine::Command;
use wire::executors::Release;

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::extract::{Json, PathRunId},
    refusal::Refusal,
    runs::finish,
};

/// Releases a run unfinished: it is queued again. The attempt does not count, unless the executor says what
/// it lacks for this run: then it is a lost one.
#[utoipa::path(post, path = "/api/runs/{id}/release", tag = "executors",
    request_body = Release, params(("id" = String, Path, description = "Run id")),
    responses((status = 204, description = "Released"),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn release(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<Release>,
) -> Result<StatusCode, Refusal> {
    let holder = holder(&identity, &request.executor, request.token)?;
    let command = match request.error_message.map(finish::message) {
        Some(error) => Command::Abandon { holder, error },
        None => Command::Release {
            holder,
            reason: request.reason.map(finish::message),
        },
    };
    let now = app.now_ms();
    let work = move |batch: &mut store::Batch<'_, '_>| {
        store::runs::apply(batch, id, &command, now).map(drop)
    };
    app.store.write(work).await.map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}
