//! The parts of a run's work.

use axum::{Extension, extract::State, http::HeaderMap};
use serde::Deserialize;
use wire::runs::RunPart;

use super::find;
use crate::{
    access::Principal,
    app::App,
    http::extract::{Params, PathRunId},
    refusal::Refusal,
    runs::{
        paging::{self, next_page},
        part,
    },
};

/// Which parts of a run.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartsQuery {
    /// Only parts with a higher number.
    after: Option<i64>,
    /// At most so many (default 100, at most 1,000).
    limit: Option<i64>,
}

/// Lists the parts of a run in the order of their numbers. An executor may list those of a run whose lease
/// it owns.
#[utoipa::path(get, path = "/api/runs/{id}/parts", tag = "runs",
    params(("id" = String, Path, description = "Run id"), PartsQuery),
    responses((status = 200, description = "A page of parts; `Link` names the next",
            body = Vec<RunPart>),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run")))]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    Params(query): Params<PartsQuery>,
) -> Result<(HeaderMap, axum::Json<Vec<RunPart>>), Refusal> {
    let after = query.after.unwrap_or(0);
    if after < 0 {
        return Err(Refusal::field("after", "after must not be negative"));
    }
    let limit = paging::limit(query.limit)?;
    let parts = app.store.read(move |read| {
        let owned = match principal.executor() {
            Some(executor) => store::executors::holds(read, executor, id)?,
            None => false,
        };
        if !owned {
            find(read, &principal, id)?;
        }
        store::runs::parts(read, id, after, limit + 1)
    });
    let mut parts = parts.await?;
    let mut headers = HeaderMap::new();
    if parts.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        parts.pop();
        let last = parts.last().map_or(after, |part| part.number);
        let next = [("after", last), ("limit", limit)];
        let next = next.map(|(name, value)| (name, Some(value.to_string())));
        headers = next_page(&format!("/api/runs/{id}/parts"), next);
    }
    Ok((headers, axum::Json(parts.into_iter().map(part).collect())))
}
