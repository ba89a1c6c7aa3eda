//! Executors report what happens within a run: its parts, its state, and that it waits.

use axum::{extract::State, http::StatusCode};
use engine::{OnTimeout, Wait, WaitFor};
use store::{
    Batch,
    runs::{PartReport, advance as advance_run, park as park_run},
};
use wire::executors::{AdvanceRun, Advanced, ParkRun, PutState, Stage};

use super::{claimed::signals, holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::{
        check,
        extract::{Json, PathRunId},
    },
    refusal::Refusal,
};

/// Parts of one report.
const PARTS_LIMIT: usize = 1_000;
/// What the event log says of a part, in bytes.
const EVENT_LIMIT: usize = 16 * 1024;
/// The longest path of a part, in bytes.
const PATH_LIMIT: usize = 1_024;

/// Stores what happened to parts of a run, in one commit. The same report again changes nothing.
#[utoipa::path(post, path = "/api/runs/{id}/parts", tag = "executors",
    request_body = AdvanceRun, params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "On disk", body = Advanced),
        (status = 400, description = "It does not follow from what was reported before"),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn advance(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(report): Json<AdvanceRun>,
) -> Result<axum::Json<Advanced>, Refusal> {
    let holder = holder(&identity, &report.executor, report.token)?;
    if report.parts.len() > PARTS_LIMIT {
        let message = format!("at most {PARTS_LIMIT} parts");
        return Err(Refusal::field("parts", message));
    }
    let parts: Result<Vec<PartReport>, Refusal> = report
        .parts
        .into_iter()
        .enumerate()
        .map(|(place, part)| part_report(&format!("parts[{place}]"), part))
        .collect();
    let (parts, acknowledged, now) = (parts?, report.acknowledged, app.now_ms());
    let state = report.state.map(|state| state.to_string().into_bytes());
    let work = move |batch: &mut Batch<'_, '_>| {
        let (holder, state) = (holder.clone(), state.as_deref());
        advance_run(batch, id, holder, &parts, state, acknowledged, now)
    };
    let run = app.store.write(work).await.map_err(refuse)?;
    Ok(axum::Json(Advanced {
        signals: signals(run.signals),
    }))
}

fn part_report(field: &str, part: wire::executors::PartReport) -> Result<PartReport, Refusal> {
    check::name(&format!("{field}.name"), &part.name)?;
    if part.path.len() > PATH_LIMIT {
        let message = format!("at most {PATH_LIMIT} bytes");
        return Err(Refusal::field(format!("{field}.path"), message));
    }
    let json = |value: serde_json::Value| value.to_string();
    let event_data = part.event.map(json).unwrap_or_default();
    if event_data.len() > EVENT_LIMIT {
        let message = format!("at most {EVENT_LIMIT} bytes");
        return Err(Refusal::field(format!("{field}.event"), message));
    }
    Ok(PartReport {
        number: part.number,
        name: part.name,
        path: part.path,
        stage: stage(part.stage),
        tries: i64::from(part.tries),
        body: part.body.map(json).unwrap_or_default().into_bytes(),
        event_data,
    })
}

fn stage(stage: Stage) -> engine::Stage {
    match stage {
        Stage::Started => engine::Stage::Started,
        Stage::Completed => engine::Stage::Completed,
        Stage::Failed => engine::Stage::Failed,
        Stage::Skipped => engine::Stage::Skipped,
        Stage::Cancelled => engine::Stage::Cancelled,
        Stage::Interrupted => engine::Stage::Interrupted,
    }
}

/// Replaces the state of a run, from which a new attempt goes on.
#[utoipa::path(put, path = "/api/runs/{id}/state", tag = "executors",
    request_body = PutState, params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "On disk", body = Advanced),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn put_state(
    State(app): State<App>,
    id: PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<PutState>,
) -> Result<axum::Json<Advanced>, Refusal> {
    let report = AdvanceRun {
        executor: request.executor,
        token: request.token,
        state: Some(request.state),
        ..AdvanceRun::default()
    };
    advance(State(app), id, identity, Json(report)).await
}

/// Lets a run wait; its lease ends, and that is no failure. When what it waits for comes, it is queued again.
#[utoipa::path(post, path = "/api/runs/{id}/park", tag = "executors",
    request_body = ParkRun, params(("id" = String, Path, description = "Run id")),
    responses((status = 204, description = "It waits"),
        (status = 400, description = "A field is wrong"),
        (status = 404, description = "No such run, or its lease is another's"),
        (status = 409, description = "Something happened that the executor has not seen")))]
pub(crate) async fn park(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<ParkRun>,
) -> Result<StatusCode, Refusal> {
    let holder = holder(&identity, &request.executor, request.token)?;
    let now = app.now_ms();
    let (wait, seen) = (wait(&request, now)?, request.seen);
    let work = move |batch: &mut Batch<'_, '_>| {
        park_run(batch, id, holder.clone(), wait, seen, now).map(drop)
    };
    app.store.write(work).await.map_err(|error| match error {
        // The lease is the caller's: something has happened since the caller looked.
        store::Error::Rejected(rejected) if !rejected.not_holder && is_running(&rejected) => {
            Refusal::conflict("the run has newer signals, or nothing to wait for: look again")
        }
        error => refuse(error),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_running(rejected: &engine::Rejected) -> bool {
    rejected.status == engine::Status::Running
}

fn wait(request: &ParkRun, now: i64) -> Result<Wait, Refusal> {
    let words = |all: &[&str]| format!("must be one of {}", all.join(", "));
    let Ok(reason) = request.wait_for.parse::<WaitFor>() else {
        let all: Vec<&str> = WaitFor::ALL.iter().map(|one| one.as_str()).collect();
        return Err(Refusal::field("wait_for", words(&all)));
    };
    let on_timeout = match request.on_timeout.as_deref().map(str::parse::<OnTimeout>) {
        None => OnTimeout::Resume,
        Some(Ok(on_timeout)) => on_timeout,
        Some(Err(_)) => {
            let all: Vec<&str> = OnTimeout::ALL.iter().map(|one| one.as_str()).collect();
            return Err(Refusal::field("on_timeout", words(&all)));
        }
    };
    let after = |ms: u64| now.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
    let timeout = request.timeout_ms.map(|ms| (after(ms), on_timeout));
    if reason == WaitFor::Time && timeout.is_none() {
        let message = "a run that waits for a time needs timeout_ms";
        return Err(Refusal::field("timeout_ms", message));
    }
    Ok(Wait {
        timeout,
        ..Wait::new(reason)
    })
}
