//! Many jobs in one request.

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use engine::{Command, Kind, RunId};
use store::audit::{AuditEntry, Target};
use wire::{
    Object,
    jobs::{BulkCancel, BulkCancelError, BulkCancelled, BulkSubmittedJob, ErrorBody, NewJob},
};

use super::{
    check,
    error::message,
    secrets::{self, Checked},
    submit::target,
};
use crate::{
    app::App,
    audit::AuditContext,
    http::body::{self, offload},
    http::extract::{Json, run_id},
    http::json::{BULK_LIMIT, parse},
    refusal::Refusal,
    runs::submit::{enter, hash, idempotency_key},
};

/// Jobs in one request at most.
const ITEMS_LIMIT: usize = 10_000;

/// What is submitted, and the key of the submit.
type Keyed = (Vec<Checked>, Option<(String, Vec<u8>)>);

/// Submits up to 10,000 jobs, all or none.
#[utoipa::path(post, path = "/api/v1/jobs/bulk", tag = "jobs", request_body = Vec<NewJob>,
    responses((status = 201, description = "All accepted", body = Vec<BulkSubmittedJob>),
        (status = 400, description = "None accepted; the context names index and field",
            body = ErrorBody)))]
pub(crate) async fn submit(
    State(app): State<App>,
    audit_context: AuditContext,
    request: Request,
) -> Result<(StatusCode, axum::Json<Vec<BulkSubmittedJob>>), Refusal> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(request, BULK_LIMIT).await?;
    let (app, read) = offload(body.len(), move || {
        let read = submissions(&app, body, key);
        (app, read)
    })
    .await;
    let (checked, key) = read?;
    let runs = secrets::sealed(&app, checked).await?;
    let ids: Vec<RunId> = runs.iter().map(|submission| submission.run.id).collect();
    let entry = audit_context.entry(app.now_ms(), target(&ids));
    let submitted = enter(&app, runs, key, entry).await?;
    let pending = |id: RunId| BulkSubmittedJob {
        id: id.to_string(),
        status: "pending".to_owned(),
    };
    Ok((
        StatusCode::CREATED,
        axum::Json(submitted.ids.into_iter().map(pending).collect()),
    ))
}

/// The jobs of a body, checked, and the caller's key with the body's hash.
fn submissions(app: &App, body: Vec<u8>, key: Option<String>) -> Result<Keyed, Refusal> {
    let jobs: Vec<Object<NewJob>> = parse(&body)?;
    let key = key.map(|key| (key, hash(&body)));
    // The inputs take its place.
    drop(body);
    if jobs.is_empty() || jobs.len() > ITEMS_LIMIT {
        let message = format!(
            "a bulk submit takes 1 to {ITEMS_LIMIT} jobs, not {}",
            jobs.len()
        );
        return Err(Refusal::field("body", message));
    }
    let runs = jobs
        .into_iter()
        .enumerate()
        .map(|(index, Object(job))| {
            check::submission(app, job).map_err(|error| error.about("index", index))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok((runs, key))
}

/// Cancels pending jobs and says of each whether it was.
#[utoipa::path(post, path = "/api/v1/jobs/bulk/cancel", tag = "jobs", request_body = BulkCancel,
    responses((status = 200, description = "Each was tried", body = BulkCancelled),
        (status = 400, description = "The request is wrong", body = ErrorBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(request): Json<BulkCancel, BULK_LIMIT>,
) -> Result<axum::Json<BulkCancelled>, Refusal> {
    if request.job_ids.len() > ITEMS_LIMIT {
        let message = format!("a bulk cancel takes at most {ITEMS_LIMIT} jobs");
        return Err(Refusal::field("job_ids", message));
    }
    let mut ids = Vec::with_capacity(request.job_ids.len());
    let mut errors = Vec::new();
    for (place, text) in request.job_ids.iter().enumerate() {
        match run_id(text) {
            Ok(id) => ids.push((id, place)),
            Err(error) => errors.push((place, error)),
        }
    }
    // Everybody locks in the order of the ids, so nobody waits in a circle.
    ids.sort_unstable();
    let entry = audit_context.entry(app.now_ms(), Target::default());
    let refused = app
        .store
        .write(move |batch| each(batch, &ids, &entry))
        .await?;
    errors.extend(
        refused
            .into_iter()
            .map(|(place, error)| (place, error.into())),
    );
    errors.sort_by_key(|(place, _)| *place);
    let failed = errors.len();
    let errors = errors
        .into_iter()
        .map(|(place, error): (_, Refusal)| BulkCancelError {
            job_id: request.job_ids[place].clone(),
            error: message(&error),
        });
    Ok(axum::Json(BulkCancelled {
        cancelled: (request.job_ids.len() - failed) as u64,
        failed: failed as u64,
        errors: errors.collect(),
    }))
}

/// Cancels each run by itself, and writes down which were; answers which were not, by their places in
/// the request, and why.
fn each(
    batch: &mut store::Batch<'_, '_>,
    ids: &[(RunId, usize)],
    entry: &AuditEntry,
) -> Result<Vec<(usize, store::Error)>, store::Error> {
    let (mut refused, mut cancelled) = (Vec::new(), Vec::new());
    for (id, place) in ids {
        match store::runs::apply_to(batch, Kind::Job, *id, &Command::CancelPending, entry.at) {
            Ok(_) => cancelled.push(*id),
            Err(error @ (store::Error::NotFound(_) | store::Error::Rejected(_))) => {
                refused.push((*place, error));
            }
            Err(error) => return Err(error),
        }
    }
    if !cancelled.is_empty() {
        batch.record(&entry.clone().on(target(&cancelled)));
    }
    Ok(refused)
}
