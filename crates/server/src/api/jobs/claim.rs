//! Executors take jobs.

use std::time::Duration;

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::RunId;
use store::runs::{Claimed, Details};
use tokio::time::Instant;
use wire::jobs::{Claim, ErrorBody, Job};

use super::{Error, QUEUE, check, extract::Json, view};
use crate::{access::Performer, app::App, guard::Peer};

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
    performer: Performer,
    Json(mut request): Json<Claim>,
) -> Result<Response, Error> {
    check::name("executor_id", &request.executor_id)?;
    request.executor_id = performer.name(&request.executor_id);
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
    for claimed in &taken {
        app.metrics.claimed(&claimed.run, app.bound_ms());
    }
    if taken.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let details = match started_before(&app, &taken).await {
        Ok(details) => details,
        Err(error) => {
            // Nobody will hear of these leases, and their end would count against the jobs.
            app.store.give_back(taken);
            return Err(error.into());
        }
    };
    let mut jobs = bodies(&app, &taken, details, &request.executor_ip)?;
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
        let claim = store::runs::Claim {
            executor: request.executor_id.clone(),
            executor_ip: request.executor_ip.clone(),
            queues: queues.clone(),
            max: max as usize,
            lease_ms: app.lease_ms(),
            now: app.now_ms(),
        };
        if wait.is_zero() {
            return Ok(app.store.claim(claim).await?);
        }
        let mut offer = app.store.wait_for(claim)?;
        let taken = tokio::select! {
            taken = offer.taken() => taken?,
            () = app.stopping.cancelled() => offer.withdraw()?,
            () = tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)) => {
                offer.withdraw()?
            }
        };
        if !taken.is_empty() || Instant::now() >= until || app.stopping.is_cancelled() {
            return Ok(taken);
        }
    }
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

/// The jobs as they are answered. One whose input cannot be read is left out: its lease expires
/// until its attempts are used up, and it does not hold up the others.
fn bodies(
    app: &App,
    taken: &[Claimed],
    details: Vec<Details>,
    executor_ip: &str,
) -> Result<Vec<Job>, Error> {
    let mut details = details.into_iter();
    let mut jobs = Vec::with_capacity(taken.len());
    let mut unreadable = None;
    for claimed in taken {
        let before = (claimed.run.starts > 1).then(|| details.next()).flatten();
        match before.map_or_else(|| view::claimed(claimed, executor_ip), view::job) {
            Ok(job) => jobs.push(Job {
                lease_token: Some(claimed.run.token),
                lease_seconds: Some(app.settings.lease.as_secs_f64()),
                ..job
            }),
            Err(error) => unreadable = Some(error),
        }
    }
    match unreadable {
        Some(error) if jobs.is_empty() => Err(error),
        _ => Ok(jobs),
    }
}
