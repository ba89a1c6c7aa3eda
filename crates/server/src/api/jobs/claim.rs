//! Executors take jobs.

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{Kind, RunId};
use serde::Serialize;
use store::runs::{Claimed, Details};
use utoipa::ToSchema;
use wire::jobs::{Claim, ErrorBody, Job};

use super::view;
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::peer::Peer,
    http::{check, extract::Json},
    refusal::Refusal,
    runs::claim::{self, ClaimRequest},
};

/// Takes the next job, or waits for one. With `max` it takes several and answers with an array.
#[utoipa::path(post, path = "/api/v1/jobs/claim", tag = "executors", request_body = Claim,
    responses((status = 200, description = "The job, with its lease", body = Given),
        (status = 204, description = "No job"),
        (status = 400, description = "A field is wrong", body = ErrorBody)))]
pub(crate) async fn claim(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    executor_identity: ExecutorIdentity,
    Json(request): Json<Claim>,
) -> Result<Response, Refusal> {
    check::name("executor_id", &request.executor_id)?;
    let wanted = ClaimRequest {
        executor: executor_identity.name(&request.executor_id),
        executor_ip: claim::address(&request.executor_ip, peer)?,
        kinds: vec![Kind::Job],
        max: claim::max(request.max)?,
        registered: false,
    };
    let wait = claim::wait(request.wait_seconds.unwrap_or(0.0))?;
    let mut taken = claim::take(&app, &wanted, wait).await?;
    taken.open().await?;
    let mut jobs = jobs(&app, &taken.runs, &wanted.executor_ip).await?;
    taken.deliver(&wanted.executor);
    let given = match (request.max, jobs.pop()) {
        (_, None) => return Ok(StatusCode::NO_CONTENT.into_response()),
        (None, Some(job)) => Given::One(Box::new(job)),
        (Some(_), last) => {
            jobs.extend(last);
            Given::Several(jobs)
        }
    };
    Ok(axum::Json(given).into_response())
}

/// `200` of a claim.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Given {
    /// The contract's answer.
    One(Box<Job>),
    /// The answer to a claim with `max`.
    Several(Vec<Job>),
}

/// What belongs to those jobs that had attempts before, in their order.
async fn started_before(app: &App, taken: &[Claimed]) -> Result<Vec<Details>, store::Error> {
    let again = taken.iter().filter(|claimed| claimed.run.starts > 1);
    let ids: Vec<RunId> = again.map(|claimed| claimed.run.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let each = move |read: &mut store::Read<'_, '_>| {
        ids.into_iter()
            .map(|id| store::runs::details(read, id))
            .collect()
    };
    app.store.read(each).await
}

/// Jobs that were taken, as they are answered. One whose input cannot be read is left out: its lease
/// expires until its attempts are used up, and it does not hold up the others.
async fn jobs(app: &App, taken: &[Claimed], executor_ip: &str) -> Result<Vec<Job>, Refusal> {
    let mut details = started_before(app, taken).await?.into_iter();
    let mut jobs = Vec::with_capacity(taken.len());
    for claimed in taken {
        let before = (claimed.run.starts > 1).then(|| details.next()).flatten();
        let before = before.map(|before| Details {
            input: claimed.input.clone(),
            ..before
        });
        match before.map_or_else(|| view::claimed(claimed, executor_ip), view::job) {
            Ok(job) => jobs.push(Job {
                lease_token: Some(claimed.run.token),
                lease_seconds: Some(app.settings.lease.as_secs_f64()),
                ..job
            }),
            Err(error) => {
                tracing::error!(%error, run_id = %claimed.run.id, "an unreadable run");
            }
        }
    }
    Ok(jobs)
}
