//! Executors report what happens within a run: its parts, its state, and that it waits.

use axum::{extract::State, http::StatusCode};
use engine::{Kind, OnTimeout, RunId, Wait, WaitFor};
use store::{Batch, Read};
use wire::{
    JsonText,
    executors::{AdvanceRun, Advanced, ParkRun, PartReport, PutState, Stage},
};

use super::{claimed::signals, holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::{
        check,
        extract::{Json, PathRunId},
    },
    kinds,
    refusal::{Refusal, RefusalKind},
};

/// Parts of one report.
const PARTS_LIMIT: usize = 1_000;
/// What the event log says of a part, in bytes.
const EVENT_LIMIT: usize = 16 * 1024;
/// The longest path of a part, in bytes.
const PATH_LIMIT: usize = 1_024;

/// Takes what happened to parts of a run, in one commit. The same report again changes nothing; a part that
/// has ended cannot change.
#[utoipa::path(post, path = "/api/runs/{id}/parts", tag = "executors",
    request_body = AdvanceRun, params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "On disk", body = Advanced),
        (status = 400, description = "It contradicts what is known of a part"),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn advance(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<AdvanceRun>,
) -> Result<axum::Json<Advanced>, Refusal> {
    let holder = holder(&identity, &request.executor, request.token)?;
    let kind = store::runs::kind;
    let kind = app.store.read(move |read| kind(read, id)).await;
    let kind = kind.map_err(refuse)?;
    let abandons = request.parts.iter().filter(|part| part.abandons);
    // With a new try, only what earlier ones have started.
    let abandons: Vec<(i64, i64)> = abandons
        .map(|part| match part.stage {
            Stage::Started => (part.number, i64::from(part.tries)),
            _ => (part.number, i64::MAX),
        })
        .collect();
    let reports = reports(&app, kind, id, request.parts).await?;
    let state = request.state.as_ref().map(json);
    let (acknowledged, now) = (request.acknowledged, app.now_ms());
    let work = move |batch: &mut Batch<'_, '_>| {
        let (holder, state) = (holder.clone(), state.as_deref());
        let run = store::runs::advance(
            batch,
            id,
            holder,
            &store::runs::ProgressReport {
                parts: &reports,
                state,
                acknowledged,
            },
            now,
        )?;
        for (part, before) in &abandons {
            store::children::cancel(batch, id, (*part, *before), now)?;
            store::approvals::withdraw(batch, id, (*part, *before), now)?;
        }
        if kinds::of(kind).serial_parts {
            one_at_a_time(&mut batch.read(), id)?;
        }
        Ok(run.signals)
    };
    let after = app.store.write(work).await.map_err(refuse)?;
    Ok(axum::Json(Advanced {
        signals: signals(after),
    }))
}

/// Makes sure that at most one part of a run runs.
fn one_at_a_time(read: &mut Read<'_, '_>, id: RunId) -> Result<(), store::Error> {
    match &store::runs::open_parts(read, id)?[..] {
        [first, other, ..] => Err(store::Error::Part {
            run: id,
            number: other.number,
            why: format!("`{}` runs and has not ended", first.name),
        }),
        _ => Ok(()),
    }
}

/// Replaces the state of a run.
#[utoipa::path(put, path = "/api/runs/{id}/state", tag = "executors",
    request_body = PutState, params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "On disk", body = Advanced),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn put_state(
    app: State<App>,
    id: PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<PutState>,
) -> Result<axum::Json<Advanced>, Refusal> {
    let advance_run = AdvanceRun {
        executor: request.executor,
        token: request.token,
        state: Some(request.state),
        ..AdvanceRun::default()
    };
    advance(app, id, identity, Json(advance_run)).await
}

/// Lets a run wait: its lease ends, and that is no failure.
#[utoipa::path(post, path = "/api/runs/{id}/park", tag = "executors",
    request_body = ParkRun, params(("id" = String, Path, description = "Run id")),
    responses((status = 204, description = "It waits"),
        (status = 400, description = "A field is wrong"),
        (status = 404, description = "No such run, or its lease is another's"),
        (status = 409, description = "There is a newer signal, or nothing to wait for")))]
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
        store::runs::park(batch, id, holder.clone(), wait, seen, now).map(drop)
    };
    app.store.write(work).await.map_err(|error| match error {
        // The caller owns the lease, and is to look again.
        store::Error::Rejected(rejected)
            if !rejected.not_holder && rejected.status == engine::Status::Running =>
        {
            let message = "the run has a newer signal, or has nothing to wait for: look again";
            Refusal::new(RefusalKind::Conflict, message)
        }
        error => refuse(error),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

fn wait(request: &ParkRun, now: i64) -> Result<Wait, Refusal> {
    let unknown = |field: &'static str| {
        move |error: engine::UnknownName| Refusal::field(field, format!("{field}: {error}"))
    };
    let reason: WaitFor = request.wait_for.parse().map_err(unknown("wait_for"))?;
    let on_timeout = match &request.on_timeout {
        Some(name) => name.parse().map_err(unknown("on_timeout"))?,
        None => OnTimeout::Resume,
    };
    if reason == WaitFor::Time && request.timeout_ms.is_none() {
        let message = "timeout_ms must be given for a run that waits for a time";
        return Err(Refusal::field("timeout_ms", message));
    }
    let after = |wait_ms| now.saturating_add(i64::try_from(wait_ms).unwrap_or(i64::MAX));
    Ok(Wait {
        timeout: request.timeout_ms.map(|ms| (after(ms), on_timeout)),
        ..Wait::new(reason)
    })
}

/// The reports as the store takes them, if the kind of the run allows them.
async fn reports(
    app: &App,
    kind: Kind,
    id: RunId,
    parts: Vec<PartReport>,
) -> Result<Vec<store::runs::PartReport>, Refusal> {
    if parts.len() > PARTS_LIMIT {
        let message = format!("parts must be at most {PARTS_LIMIT}");
        return Err(Refusal::field("parts", message));
    }
    for part in &parts {
        check::name("name", &part.name)?;
        let event = part
            .event
            .as_ref()
            .map_or(0, |event| event.to_string().len());
        if event > EVENT_LIMIT {
            let message = format!("event must have at most {EVENT_LIMIT} bytes");
            return Err(Refusal::field("event", message));
        }
        if part.path.len() > PATH_LIMIT || part.path.chars().any(char::is_control) {
            let message = format!("path must have at most {PATH_LIMIT} bytes, none a control one");
            return Err(Refusal::field("path", message));
        }
    }
    if let Some(check) = kinds::of(kind).check_parts.filter(|_| !parts.is_empty()) {
        // It never changes and may be long: it is not read where everything is written.
        let input = app.store.read(move |read| store::runs::input(read, id));
        return check(&input.await.map_err(refuse)?, parts);
    }
    let plain = |part: PartReport| store::runs::PartReport {
        body: part.body.as_ref().map(json).unwrap_or_default(),
        event_data: part
            .event
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        ..row(part)
    };
    Ok(parts.into_iter().map(plain).collect())
}

/// A report without its body.
fn row(part: PartReport) -> store::runs::PartReport {
    store::runs::PartReport {
        number: part.number,
        name: part.name,
        path: part.path,
        stage: part.stage.into(),
        tries: part.tries.into(),
        body: Vec::new(),
        event_data: String::new(),
    }
}

fn json(value: &JsonText) -> Vec<u8> {
    value.get().as_bytes().to_vec()
}
