//! What was done with a playground.

use std::time::Duration;

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{Kind, RunId};
use store::{
    Read, Topic,
    playgrounds::{self, PlaygroundRow, RevisionRow},
    runs::Search,
};
use tokio::time::{Instant, timeout_at};
use wire::{
    Timestamp,
    playgrounds::{OperationView, PlannedRollout, PlaygroundResult, RevisionView},
};

use super::show;
use crate::{
    access::Principal,
    app::App,
    http::extract::PathParams,
    playgrounds::{Masking, RevisionBody, RevisionSecrets, difference, outcome_of, row_of},
    refusal::{Refusal, RefusalKind},
};

const OPERATIONS_LIMIT: usize = 100;
/// A plan is waited for so long; then the caller gets the operation.
const PLAN_WAIT: Duration = Duration::from_secs(60);
/// Lines of each watched service in a job's result.
const TAIL: usize = 100;

/// Lists the operations on a playground, newest first, as long as their runs are kept.
#[utoipa::path(get, path = "/api/playgrounds/{id}/operations", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "Operations", body = Vec<OperationView>),
        (status = 404, description = "No such playground")))]
pub(crate) async fn operations(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Vec<OperationView>>, Refusal> {
    let row = row_of(&app, &id).await?;
    let read = move |read: &mut Read<'_, '_>| {
        let mut search = Search::of(vec![Kind::Operation], OPERATIONS_LIMIT);
        search.labels = vec![("playground_id".to_owned(), row.id.to_string())];
        let found = store::runs::search(read, &search)?;
        let views = found.runs.into_iter().map(|found| {
            let run = found.run;
            let last = store::runs::last_parts(read, run.id, 1)?.pop();
            let error = store::runs::last_error(read, &run)?;
            let ended = run.state.status().is_terminal();
            Ok(OperationView {
                id: run.id.to_string(),
                action: run.name.clone(),
                status: run.state.status().as_str().to_owned(),
                error_message: error.filter(|_| ended),
                step: last.map(|part| part.name),
                created_at: Timestamp(run.created_at),
                started_at: run.started_at.map(Timestamp),
                completed_at: ended_at(&run.state).map(Timestamp),
            })
        });
        views.collect::<Result<Vec<_>, store::Error>>()
    };
    Ok(axum::Json(app.store.read(read).await?))
}

fn ended_at(state: &engine::State) -> Option<i64> {
    match state {
        engine::State::Done { at, .. } => Some(*at),
        _ => None,
    }
}

/// Lists what was applied, newest first, each with what it changed.
#[utoipa::path(get, path = "/api/playgrounds/{id}/revisions", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "Revisions", body = Vec<RevisionView>),
        (status = 404, description = "No such playground")))]
pub(crate) async fn revisions(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Vec<RevisionView>>, Refusal> {
    let row = row_of(&app, &id).await?;
    let playground_id = row.id;
    let rows = app
        .store
        .read(move |read: &mut Read<'_, '_>| playgrounds::revisions(read, playground_id))
        .await?;
    let sealer = app.vault.sealer(&app.store).await?;
    let mut masking = Masking::of(&principal);
    let opened = rows.iter().map(|one| {
        let secrets: RevisionSecrets = sealer.open_of_playground(playground_id, &one.sealed)?;
        masking.learn(&secrets.environment);
        Ok((RevisionBody::of(one)?, secrets))
    });
    let opened: Vec<_> = opened.collect::<Result<_, Refusal>>()?;
    let current = row.applied.map(|applied| applied.revision);
    let views = rows.iter().enumerate().map(|(place, one)| {
        let (body, secrets) = &opened[place];
        // The one before it follows.
        let diff = opened
            .get(place + 1)
            .map(|(before, old)| difference((before, body), (old, secrets), &masking));
        view(one, body, current, diff)
    });
    Ok(axum::Json(views.collect()))
}

fn view(
    row: &RevisionRow,
    body: &RevisionBody,
    current: Option<i64>,
    diff: Option<wire::playgrounds::RevisionDiff>,
) -> RevisionView {
    RevisionView {
        revision: row.number,
        operation_id: row.run.to_string(),
        action: row.action.clone(),
        current: current == Some(row.number),
        applied_at: Timestamp(row.applied_at),
        images: body.images.clone(),
        commits: body.commits.clone(),
        diff,
    }
}

/// What a playground in job mode came to.
#[utoipa::path(get, path = "/api/playgrounds/{id}/job_result", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The result", body = PlaygroundResult),
        (status = 404, description = "No such playground, or it has no result yet")))]
pub(crate) async fn job_result(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<PlaygroundResult>, Refusal> {
    let row = row_of(&app, &id).await?;
    let shown = show::loaded(&app, &principal, row.id).await?;
    let (row, job) = (shown.loaded.row, shown.loaded.job);
    let Some(job) = job else {
        let message = match row.job_mode {
            true => "the playground has no result yet: its watched services have not all exited",
            false => "the playground is not in job mode: it has no result",
        };
        return Err(Refusal::not_found(message));
    };
    let services: Vec<String> = job.service_results.keys().cloned().collect();
    let playground_id = row.id;
    let read = move |read: &mut Read<'_, '_>| {
        let logs = services.iter().map(|service| {
            let body = playgrounds::logs(read, playground_id, service)?;
            let lines: Vec<String> = body
                .and_then(|body| serde_json::from_slice(&body).ok())
                .unwrap_or_default();
            let skipped = lines.len().saturating_sub(TAIL);
            Ok((service.clone(), lines.into_iter().skip(skipped).collect()))
        });
        logs.collect::<Result<_, store::Error>>()
    };
    Ok(axum::Json(PlaygroundResult {
        id: row.id,
        success: job.success,
        exit_code: job.exit_code,
        completed_at: row.job.map(|(_, at)| Timestamp(at)),
        service_results: job.service_results,
        tail_logs: app.store.read(read).await?,
    }))
}

/// Waits for an operation that plans, and answers with its plan; with the operation when that takes too long.
pub(super) async fn planned(
    app: &App,
    row: &PlaygroundRow,
    run: RunId,
) -> Result<Response, Refusal> {
    let topic = app.store.wake().topic(Topic::Run(run));
    let until = Instant::now() + PLAN_WAIT;
    loop {
        let next = topic.next();
        let status = app
            .store
            .read(move |read: &mut Read<'_, '_>| store::runs::run(read, run))
            .await?
            .state
            .status();
        if status.is_terminal() {
            return plan_of(app, row, run, status).await;
        }
        let stopped = tokio::select! {
            waited = timeout_at(until, next) => waited.is_err(),
            () = app.stopping.cancelled() => true,
        };
        if stopped {
            let plan = PlannedRollout {
                id: row.id,
                operation_id: run.to_string(),
                ..PlannedRollout::default()
            };
            return Ok((StatusCode::ACCEPTED, axum::Json(plan)).into_response());
        }
    }
}

async fn plan_of(
    app: &App,
    row: &PlaygroundRow,
    run: RunId,
    status: engine::Status,
) -> Result<Response, Refusal> {
    let id = row.id;
    let left = app
        .store
        .read(move |read: &mut Read<'_, '_>| playgrounds::outcome(read, id, run))
        .await?;
    let outcome = left.as_ref().map(outcome_of).transpose()?;
    let Some(outcome) = outcome else {
        let message = format!("the plan was not made: its operation {run} is {status}");
        return Err(Refusal::new(RefusalKind::Unavailable, message));
    };
    Ok(axum::Json(PlannedRollout {
        id,
        operation_id: run.to_string(),
        plan: outcome.plan,
        error_details: outcome.failure,
    })
    .into_response())
}
