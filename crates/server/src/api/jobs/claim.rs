//! Executors take jobs.

use std::time::Duration;

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use store::runs::Claimed;
use tokio::time::Instant;
use wire::jobs::{Claim, ErrorBody, Job};

use super::{Error, QUEUE, check, extract::Json, view};
use crate::{app::App, guard::Peer};

const MAX_LIMIT: u32 = 1_000;
pub(super) const WAIT_LIMIT_SECONDS: f64 = 60.0;
/// A claim that waits looks at least this often, should a wake-up be lost.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Takes the next job, or waits for one. With `max` it takes several and answers with an array.
#[utoipa::path(post, path = "/api/v1/jobs/claim", tag = "executors", request_body = Claim,
    responses((status = 200, description = "The job, with its lease", body = Job),
        (status = 204, description = "No job"),
        (status = 400, description = "A field is wrong", body = ErrorBody)))]
pub(crate) async fn claim(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    Json(mut request): Json<Claim>,
) -> Result<Response, Error> {
    check::name("executor_id", &request.executor_id)?;
    check::optional_name("executor_ip", &request.executor_ip)?;
    if let (true, Some(Extension(Peer(peer)))) = (request.executor_ip.is_empty(), peer) {
        request.executor_ip = peer.to_string();
    }
    let max = request.max.unwrap_or(1);
    if max == 0 || max > MAX_LIMIT {
        return Err(Error::field(
            "max",
            format!("max must be from 1 to {MAX_LIMIT}"),
        ));
    }
    let wait = wait(request.wait_seconds.unwrap_or(0.0))?;
    let taken = take(&app, &request, max, wait).await?;
    if taken.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut jobs = Vec::with_capacity(taken.len());
    for claimed in &taken {
        jobs.push(body(&app, claimed, &request.executor_ip).await?);
    }
    if request.max.is_none() {
        return Ok(axum::Json(jobs.pop()).into_response());
    }
    Ok(axum::Json(jobs).into_response())
}

/// A wait that a caller asks for.
pub(super) fn wait(seconds: f64) -> Result<Duration, Error> {
    if !(0.0..=WAIT_LIMIT_SECONDS).contains(&seconds) {
        let message = format!("wait_seconds must be from 0 to {WAIT_LIMIT_SECONDS}");
        return Err(Error::field("wait_seconds", message));
    }
    Ok(Duration::from_secs_f64(seconds))
}

async fn take(app: &App, request: &Claim, max: u32, wait: Duration) -> Result<Vec<Claimed>, Error> {
    let queues = vec![QUEUE.to_owned()];
    let until = Instant::now() + wait;
    loop {
        // Ask to be woken before looking: a job that comes in between is not missed.
        let mut woken = (!wait.is_zero()).then(|| app.store.wake().claim(&queues));
        let claim = store::runs::Claim {
            executor: request.executor_id.clone(),
            executor_ip: request.executor_ip.clone(),
            queues: queues.clone(),
            max: max as usize,
            lease_ms: app.lease_ms(),
            now: app.now_ms(),
        };
        let taken = app.store.claim(claim).await?;
        let Some(woken) = woken.as_mut() else {
            return Ok(taken);
        };
        if !taken.is_empty() || Instant::now() >= until || app.stopping.is_cancelled() {
            return Ok(taken);
        }
        tokio::select! {
            () = woken.ready() => {}
            () = app.stopping.cancelled() => {}
            () = tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)) => {}
        }
    }
}

async fn body(app: &App, claimed: &Claimed, executor_ip: &str) -> Result<Job, Error> {
    let job = if claimed.run.starts == 1 {
        view::claimed(claimed, executor_ip)?
    } else {
        let id = claimed.run.id;
        view::job(
            app.store
                .read(move |read| store::runs::details(read, id))
                .await?,
        )?
    };
    let lease_seconds = Some(app.settings.lease.as_secs_f64());
    Ok(Job {
        lease_token: Some(claimed.run.token),
        lease_seconds,
        ..job
    })
}
