//! Executors report results.

use axum::extract::State;
use engine::RunId;
use wire::{
    executors::{ResultOutcome, RunResult},
    jobs::{Ended, ErrorBody},
};

use super::heartbeat::holder;
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::{
        extract::{Json, PathRunId},
        json::FINISH_LIMIT,
    },
    refusal::Refusal,
    runs::finish,
};

/// Reports that the program ended well.
#[utoipa::path(put, path = "/api/v1/jobs/{id}/complete", tag = "executors",
    request_body = wire::jobs::Finish, params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "On disk", body = Ended),
        (status = 400, description = "Not held by the caller, or ended", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn complete(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    executor_identity: ExecutorIdentity,
    Json(request): Json<wire::jobs::Finish, FINISH_LIMIT>,
) -> Result<axum::Json<Ended>, Refusal> {
    end(&app, id, &executor_identity, true, request).await
}

/// Reports that the program failed, or could not be started.
#[utoipa::path(put, path = "/api/v1/jobs/{id}/fail", tag = "executors",
    request_body = wire::jobs::Finish, params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "On disk", body = Ended),
        (status = 400, description = "Not held by the caller, or ended", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn fail(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    executor_identity: ExecutorIdentity,
    Json(request): Json<wire::jobs::Finish, FINISH_LIMIT>,
) -> Result<axum::Json<Ended>, Refusal> {
    end(&app, id, &executor_identity, false, request).await
}

async fn end(
    app: &App,
    id: RunId,
    executor_identity: &ExecutorIdentity,
    completed: bool,
    request: wire::jobs::Finish,
) -> Result<axum::Json<Ended>, Refusal> {
    let outcome = match (completed, request.timed_out) {
        (true, _) => ResultOutcome::Completed,
        (false, false) => ResultOutcome::Failed,
        (false, true) => ResultOutcome::TimedOut,
    };
    let holder = holder(executor_identity, &request.executor_id, request.lease_token)?;
    let result = RunResult {
        stdout: request.stdout,
        stderr: request.stderr,
        exit_code: request.exit_code,
        error_message: request.error_message,
        ..RunResult::new("", 0, outcome)
    };
    let finish = finish::finish(app, id, holder, result);
    let run = app
        .store
        .finish(vec![finish])
        .await?
        .pop()
        .unwrap_or(Err(store::Error::Closed))?;
    let status = super::view::status(run.state.status()).to_owned();
    Ok(axum::Json(Ended {
        id: run.id.to_string(),
        status,
    }))
}
