//! What the services of a playground use.

use axum::extract::State;
use wire::executors::{Question, ServiceStats};

use crate::{
    app::App,
    http::extract::PathParams,
    playgrounds::{Directory, row_of},
    questions,
    refusal::{Refusal, RefusalKind},
};

/// What each service uses now, as the executor beside it sees; services without a running container are left out.
#[utoipa::path(get, path = "/api/playgrounds/{id}/stats", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "What each service uses", body = Vec<ServiceStats>),
        (status = 404, description = "No such playground"),
        (status = 503, description = "No executor reaches its playroom"),
        (status = 504, description = "The executor does not answer")))]
pub(crate) async fn stats(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Vec<ServiceStats>>, Refusal> {
    let row = row_of(&app, &id).await?;
    let directory = Directory::read(&app).await?;
    let Some(executor) = directory.executor(&row.playroom.1) else {
        let why = directory.why_it_waits(&row.playroom.1).unwrap_or_default();
        return Err(Refusal::new(RefusalKind::Unavailable, why));
    };
    let question = Question::PlaygroundStats {
        playground_id: row.id,
        project: row.project,
    };
    let stats = questions::ask_for(&app, executor, &question).await?;
    Ok(axum::Json(stats))
}
