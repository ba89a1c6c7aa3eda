//! Executors report results.

use axum::extract::State;
use engine::{AttemptOutcome, RunId};
use store::runs::{Finish, Report};
use wire::jobs::{Ended, ErrorBody, excerpt};

use super::heartbeat::holder;
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::extract::{Json, PathRunId},
    http::json::FINISH_LIMIT,
    refusal::Refusal,
};

/// What is kept of an error message, in bytes.
const MESSAGE_LIMIT: usize = 64 * 1024;

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
    let finish = checked(app, id, executor_identity, completed, request)?;
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

/// What an executor says, cut to our limit.
pub(super) fn message(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(MESSAGE_LIMIT));
    message
}

/// A report as the store takes it, cut to the contract's limits.
pub(super) fn checked(
    app: &App,
    id: RunId,
    executor_identity: &ExecutorIdentity,
    completed: bool,
    request: wire::jobs::Finish,
) -> Result<Finish, Refusal> {
    let outcome = match (completed, request.timed_out) {
        (true, _) => AttemptOutcome::Completed,
        (false, false) => AttemptOutcome::Failed,
        (false, true) => AttemptOutcome::TimedOut,
    };
    let error = request.error_message.filter(|_| !completed).map(message);
    Ok(Finish {
        id,
        holder: holder(executor_identity, &request.executor_id, request.lease_token)?,
        outcome,
        report: Report {
            stdout: excerpt(request.stdout),
            stderr: excerpt(request.stderr),
            exit_code: request.exit_code,
            error,
        },
        jitter: app.clock.jitter(),
        aging_step_ms: app.aging_step_ms(),
        now: app.now_ms(),
    })
}
