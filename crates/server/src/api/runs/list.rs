//! Runs are listed.

use axum::{Extension, extract::State, http::HeaderMap};
use store::runs::{Found, Search};
use wire::runs::{RunQuery, RunSummary};

use super::{find, query, query::RunParams, readable, view};
use crate::{
    access::Principal, app::App, http::extract::PathRunId, refusal::Refusal,
    runs::paging::next_page,
};

type Listed = (HeaderMap, axum::Json<Vec<RunSummary>>);

/// Lists runs of the kinds that the caller may read, newest first. A filter that matches little may give
/// pages with few runs or none: `Link` says whether others follow.
#[utoipa::path(get, path = "/api/runs", tag = "runs",
    params(RunQuery, ("label" = Option<Vec<String>>, Query,
        description = "Only with this label, `name=value`; repeated: with all of them")),
    responses((status = 200, description = "A page of runs; `Link` names the next",
            body = Vec<RunSummary>),
        (status = 400, description = "A parameter is wrong")))]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    RunParams(query): RunParams,
) -> Result<Listed, Refusal> {
    let search = query::search(&query, readable(&principal))?;
    let found = app.store.read(move |read| page(read, search)).await?;
    Ok(listed("/api/runs", &query, found))
}

/// Lists the runs that belong directly to a run, newest first. All filters of the list of runs apply.
#[utoipa::path(get, path = "/api/runs/{id}/children", tag = "runs",
    params(("id" = String, Path, description = "Run id"), RunQuery,
        ("label" = Option<Vec<String>>, Query,
            description = "Only with this label, `name=value`; repeated: with all of them")),
    responses((status = 200, description = "A page of runs; `Link` names the next",
            body = Vec<RunSummary>),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run")))]
pub(crate) async fn children(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    RunParams(query): RunParams,
) -> Result<Listed, Refusal> {
    let search = Search {
        parent: Some(id),
        ..query::search(&query, readable(&principal))?
    };
    let found = app.store.read(move |read| {
        find(read, &principal, id)?;
        page(read, search)
    });
    Ok(listed(
        &format!("/api/runs/{id}/children"),
        &query,
        found.await?,
    ))
}

fn page(read: &mut store::Read<'_, '_>, mut search: Search) -> Result<Found, store::Error> {
    // A text may be the beginning of an id: then no other run is meant.
    let ids = search.text.as_deref().and_then(query::ids_with_prefix);
    if let Some((from, below)) = ids
        && store::runs::is_any_in(read, from, below)?
    {
        search.from = search.from.max(from);
        search.below = search.below.min(below);
    }
    store::runs::search(read, &search)
}

fn listed(path: &str, query: &RunQuery, found: Found) -> Listed {
    let headers = found.next.map_or_else(HeaderMap::new, |below| {
        let next = RunQuery {
            cursor: Some(below.to_string()),
            ..query.clone()
        };
        next_page(path, next.parameters())
    });
    let runs = found.runs.into_iter();
    let runs = runs.map(|found| view::summary(found.run, found.labels));
    (headers, axum::Json(runs.collect()))
}
