//! One job is submitted.

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use engine::{Kind, RunId};
use store::audit::Target;
use wire::{
    Object, Timestamp,
    jobs::{ErrorBody, NewJob, SubmittedJob},
};

use super::{check, secrets};
use crate::{
    app::App,
    audit::AuditContext,
    http::body::{self, offload},
    http::json::{BODY_LIMIT, parse},
    refusal::Refusal,
    runs::submit::{enter, hash, idempotency_key},
};

/// Submits a job. It is on disk when this answers.
#[utoipa::path(post, path = "/api/v1/jobs", tag = "jobs", request_body = NewJob,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The same key and body within 24 hours: the same answer, no second job")),
    responses((status = 201, description = "Accepted", body = SubmittedJob),
        (status = 400, description = "A field is wrong", body = ErrorBody)))]
pub(crate) async fn submit(
    State(app): State<App>,
    audit_context: AuditContext,
    request: Request,
) -> Result<(StatusCode, axum::Json<SubmittedJob>), Refusal> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(request, BODY_LIMIT).await?;
    let (app, read) = offload(body.len(), move || {
        let read = parse(&body).and_then(|Object::<NewJob>(job)| {
            let job_type = job.job_type.clone();
            let checked = check::submission(&app, job)?;
            Ok((checked, job_type, key.map(|key| (key, hash(&body)))))
        });
        (app, read)
    })
    .await;
    let (checked, job_type, key) = read?;
    let now = app.now_ms();
    let entry = audit_context
        .entry(now, target(&[checked.0.run.id]))
        .detail(&job_type);
    let jobs = secrets::sealed(&app, vec![checked]).await?;
    let submitted = enter(&app, jobs, key, entry).await?;
    let id = submitted.ids[0];
    let created_at = if submitted.repeated {
        accepted_at(&app, id).await?
    } else {
        now
    };
    let answer = SubmittedJob {
        id: id.to_string(),
        job_type,
        status: "pending".to_owned(),
        created_at: Timestamp(created_at),
    };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

/// When a job was accepted whose submit is repeated. Its key may have outlived it: then its id, whose
/// first six bytes are a time, still says when.
async fn accepted_at(app: &App, id: RunId) -> Result<i64, Refusal> {
    let details = app.store.read(move |read| store::runs::outline(read, id));
    match details.await {
        Ok(details) => Ok(details.run.created_at),
        Err(store::Error::NotFound(_)) => {
            let mut bytes = [0; 8];
            bytes[2..].copy_from_slice(&id.as_bytes()[..6]);
            Ok(i64::from_be_bytes(bytes))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the audit says was submitted.
pub(super) fn target(ids: &[RunId]) -> Target {
    Target::runs(Kind::Job.as_str(), ids)
}
