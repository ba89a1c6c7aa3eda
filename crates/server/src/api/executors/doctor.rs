//! How an executor's machine is.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use wire::executors::{MachineReport, Question};

use crate::{app::App, http::extract::ExecutorId, questions, refusal::Refusal};

/// Asks an executor how its machine is: its version, which parts of the isolation work, the room on its disks.
#[utoipa::path(get, path = "/api/executors/{executor}/doctor", tag = "executors",
    params(("executor" = String, Path, description = "Its name")),
    responses((status = 200, description = "What it says", body = MachineReport),
        (status = 404, description = "No such executor"),
        (status = 503, description = "It cannot answer"),
        (status = 504, description = "It did not answer in time")))]
pub(crate) async fn doctor(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
) -> Result<Response, Refusal> {
    let answer = questions::ask(&app, &executor, &Question::Doctor).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}
