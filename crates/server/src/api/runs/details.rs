//! One run.

use axum::{Extension, extract::State};
use engine::RunId;
use store::Read;
use wire::runs::RunDetails;

use super::{find, view};
use crate::{access::Principal, app::App, http::extract::PathRunId, refusal::Refusal};

/// A run with its attempts, its open signals and what it waits for.
#[utoipa::path(get, path = "/api/runs/{id}", tag = "runs",
    params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "The run", body = RunDetails),
        (status = 404, description = "No such run")))]
pub(crate) async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<RunDetails>, Refusal> {
    let now = app.now_ms();
    let run = app.store.read(move |read| shown(read, &principal, id, now));
    Ok(axum::Json(run.await?))
}

/// A run of a kind that the caller may read, as it is shown.
pub(super) fn shown(
    read: &mut Read<'_, '_>,
    principal: &Principal,
    id: RunId,
    now: i64,
) -> Result<RunDetails, store::Error> {
    let details = find(read, principal, id)?;
    let labels = store::runs::labels(read, id)?;
    let parts = store::runs::part_counts(read, id)?.into_iter();
    let parts = parts.map(|(stage, count)| (stage.as_str().to_owned(), count));
    let parts = parts.collect();
    Ok(view::details(details, labels, parts, now))
}
