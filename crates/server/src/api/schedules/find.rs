//! Schedules are looked at, and what they started.

use axum::extract::State;
use engine::{Kind, State as RunState};
use serde::Deserialize;
use store::runs::{FoundRun, Search};
use wire::{
    Timestamp,
    playbooks::{Schedule, ScheduleHistory, ScheduleList, ScheduledExecution},
};

use super::{find_row, view};
use crate::{
    app::App,
    http::extract::{Params, PathParams},
    kinds,
    refusal::Refusal,
    schedules::{SCHEDULE_LABEL, TIME_LABEL},
};

const HISTORY_DEFAULT: usize = 50;
const HISTORY_MAX: usize = 500;

/// Lists the schedules, oldest first.
#[utoipa::path(get, path = "/api/schedules", tag = "schedules",
    responses((status = 200, description = "The schedules", body = ScheduleList)))]
pub(crate) async fn list(State(app): State<App>) -> Result<axum::Json<ScheduleList>, Refusal> {
    let rows = app.store.read(store::schedules::list).await?.into_iter();
    let schedules = rows.map(view::schedule).collect::<Result<_, _>>()?;
    Ok(axum::Json(ScheduleList { schedules }))
}

/// A schedule with its next times, and how it went last.
#[utoipa::path(get, path = "/api/schedules/{id}", tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "The schedule", body = Schedule),
        (status = 404, description = "No such schedule")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Schedule>, Refusal> {
    Ok(axum::Json(view::schedule(find_row(&app, &id).await?)?))
}

/// How many.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// At most so many (default 50, at most 500).
    limit: Option<usize>,
}

/// What a schedule started, newest first. Executions that were deleted are not among them.
#[utoipa::path(get, path = "/api/schedules/{id}/history", tag = "schedules",
    params(("id" = String, Path, description = "Schedule id"), HistoryQuery),
    responses((status = 200, description = "Its executions", body = ScheduleHistory),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such schedule")))]
pub(crate) async fn history(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    Params(query): Params<HistoryQuery>,
) -> Result<axum::Json<ScheduleHistory>, Refusal> {
    let id = find_row(&app, &id).await?.id;
    let limit = query.limit.unwrap_or(HISTORY_DEFAULT).clamp(1, HISTORY_MAX);
    let mut search = Search::of(vec![Kind::Execution], limit);
    search.labels.push((SCHEDULE_LABEL.to_owned(), id));
    let found = app
        .store
        .read(move |read| store::runs::search(read, &search));
    let executions = found.await?.runs.into_iter().map(shown).collect();
    Ok(axum::Json(ScheduleHistory { executions }))
}

fn shown(FoundRun { run, mut labels }: FoundRun) -> ScheduledExecution {
    let completed_at = match run.state {
        RunState::Done { at, .. } => Some(Timestamp(at)),
        _ => None,
    };
    ScheduledExecution {
        execution_id: run.id.to_string(),
        status: kinds::of(Kind::Execution).word(&run.state).to_owned(),
        playbook_name: run.name,
        scheduled_for: labels.remove(TIME_LABEL),
        started_at: Timestamp(run.created_at),
        completed_at,
    }
}
