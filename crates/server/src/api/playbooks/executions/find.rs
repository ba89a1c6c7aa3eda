//! Executions are looked at.

use axum::extract::State;
use engine::{Kind, RunId, Status, WaitFor};
use serde::Deserialize;
use store::{Read, runs::Search};
use wire::playbooks::Execution;

use crate::{
    app::App,
    executions::{self, Extent},
    http::extract::{Params, PathRunId},
    kinds,
    refusal::Refusal,
    runs::labels::Labels,
};

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 500;

/// Which executions.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExecutionQuery {
    /// `pending`, `running`, `paused`, `waiting`, `completed`, `failed` or `cancelled`.
    status: Option<String>,
    /// At most so many (default 50, at most 500).
    limit: Option<i64>,
}

/// Lists executions, newest first, each as it is now, with the newest of its steps and without what they left.
#[utoipa::path(get, path = "/api/executions", tag = "executions", params(ExecutionQuery,
        ("label" = Option<Vec<String>>, Query,
            description = "Only with this label, `name=value`; repeated: with all of them")),
    responses((status = 200, description = "Executions", body = Vec<Execution>),
        (status = 400, description = "A parameter is wrong")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(query): Params<ExecutionQuery>,
    Labels(labels): Labels,
) -> Result<axum::Json<Vec<Execution>>, Refusal> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit < 1 {
        return Err(Refusal::field("limit", "limit must be at least 1"));
    }
    let limit = usize::try_from(limit.min(LIMIT_MAX)).unwrap_or(usize::MAX);
    let mut search = Search {
        labels,
        ..Search::of(vec![Kind::Execution], limit)
    };
    if let Some(word) = &query.status {
        (search.statuses, search.waits) = states(word)?;
    }
    let shared = app.clone();
    let found = app
        .store
        .read(move |read| page(read, &shared.executions, search));
    Ok(axum::Json(
        found.await?.into_iter().map(executions::shown).collect(),
    ))
}

/// The first executions that match.
fn page(
    read: &mut Read<'_, '_>,
    headers: &executions::Headers,
    mut search: Search,
) -> Result<Vec<executions::LoadedExecution>, store::Error> {
    let limit = search.limit;
    let mut ids: Vec<RunId> = Vec::new();
    loop {
        search.limit = limit - ids.len();
        let found = store::runs::search(read, &search)?;
        ids.extend(found.runs.iter().map(|found| found.run.id));
        match found.next {
            Some(next) if ids.len() < limit => search.below = next,
            _ => break,
        }
    }
    ids.into_iter()
        .map(|id| executions::load(read, headers, id, Extent::Listed))
        .collect()
}

/// The states behind a word of the contract: statuses, and of those that wait, what they wait for.
fn states(word: &str) -> Result<(Vec<Status>, Option<Vec<WaitFor>>), Refusal> {
    let row = kinds::of(Kind::Execution);
    let waits = WaitFor::ALL.iter().copied();
    let waits: Vec<WaitFor> = waits
        .filter(|wait| (row.word_of_wait)(*wait) == word)
        .collect();
    let statuses = Status::ALL.iter().copied().filter(|status| match status {
        Status::Waiting => !waits.is_empty(),
        status => (row.word_of)(*status) == word,
    });
    let statuses: Vec<Status> = statuses.collect();
    if statuses.is_empty() {
        let message = "status must be one of pending, running, paused, waiting, completed, failed, \
            cancelled";
        return Err(Refusal::field("status", message));
    }
    Ok((statuses, Some(waits)))
}

/// An execution as it is now, with every step.
#[utoipa::path(get, path = "/api/executions/{id}", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "The execution", body = Execution),
        (status = 404, description = "No such execution")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Execution>, Refusal> {
    let shared = app.clone();
    let load = move |read: &mut Read<'_, '_>| {
        executions::load(read, &shared.executions, id, Extent::Whole)
    };
    let loaded = app.store.read(load).await?;
    Ok(axum::Json(executions::shown(loaded)))
}

/// The same under the path that clients of the original ask.
#[utoipa::path(get, path = "/api/executions/{id}/status", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "The execution", body = Execution),
        (status = 404, description = "No such execution")))]
pub(crate) async fn status(
    app: State<App>,
    id: PathRunId,
) -> Result<axum::Json<Execution>, Refusal> {
    get(app, id).await
}
