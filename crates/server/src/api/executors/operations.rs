//! Executors perform operations on playgrounds, and say what they see of those.

use axum::{extract::State, http::StatusCode};
use wire::executors::operations::{
    Generated, KeepGenerated, PlacedPlaygrounds, ReportOutcome, ReportPlaygrounds,
};

use super::holder;
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::{
        check,
        extract::{ExecutorId, Json, PathRunId},
        json::FINISH_LIMIT,
    },
    playgrounds,
    refusal::Refusal,
};

/// Playgrounds in one report at most.
const PLAYGROUNDS_LIMIT: usize = 1_000;

/// Keeps values that were generated for the playground of an operation. For a name that has a value, that one
/// stays.
#[utoipa::path(post, path = "/api/runs/{id}/generated", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = KeepGenerated,
    responses((status = 200, description = "Every generated value of the playground", body = Generated),
        (status = 400, description = "A name or a value is wrong"),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn generated(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<KeepGenerated>,
) -> Result<axum::Json<Generated>, Refusal> {
    let holder = holder(&identity, &request.executor, request.token)?;
    let values = playgrounds::keep_generated(&app, id, holder, request.values).await?;
    Ok(axum::Json(Generated { values }))
}

/// Stores what an operation left, in place of what was stored before. The result of the attempt is reported after
/// it.
#[utoipa::path(put, path = "/api/runs/{id}/outcome", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = ReportOutcome,
    responses((status = 204, description = "Stored"),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn outcome(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<ReportOutcome, FINISH_LIMIT>,
) -> Result<StatusCode, Refusal> {
    let holder = holder(&identity, &request.executor, request.token)?;
    playgrounds::stored_outcome(&app, id, holder, request.outcome).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes what an executor sees of the playgrounds in its playrooms, and answers which ones there are.
#[utoipa::path(post, path = "/api/executors/{executor}/playgrounds", tag = "executors",
    request_body = ReportPlaygrounds, params(("executor" = String, Path, description = "Its name")),
    responses((status = 200, description = "The playgrounds of its playrooms", body = PlacedPlaygrounds),
        (status = 400, description = "A field is wrong")))]
pub(crate) async fn observe(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
    identity: ExecutorIdentity,
    Json(report): Json<ReportPlaygrounds>,
) -> Result<axum::Json<PlacedPlaygrounds>, Refusal> {
    check::name("executor", &executor)?;
    if report.playgrounds.len() > PLAYGROUNDS_LIMIT {
        let message = format!("at most {PLAYGROUNDS_LIMIT} playgrounds");
        return Err(Refusal::field("playgrounds", message));
    }
    let name = identity.name(&executor);
    Ok(axum::Json(playgrounds::observe(&app, &name, report).await?))
}
