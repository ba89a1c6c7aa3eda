//! Executors take jobs.

use std::time::Duration;

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{Kind, RunId};
use serde::Serialize;
use store::runs::{Claimed, Details};
use tokio::time::Instant;
use utoipa::ToSchema;
use wire::jobs::{Claim, ErrorBody, Job};

use super::{QUEUE, claims, view};
use crate::{
    access::ExecutorIdentity, api::plugin_jobs, app::App, http::check, http::extract::Json,
    origin_check::Peer, refusal::Refusal,
};

const MAX_LIMIT: u32 = 1_000;
pub(super) const WAIT_LIMIT_SECONDS: f64 = 60.0;

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
    let wanted = Wanted {
        executor: executor_identity.name(&request.executor_id),
        executor_ip: address(&request.executor_ip, peer)?,
        kinds: vec![Kind::Job],
        max: max(request.max)?,
    };
    let wait = wait(request.wait_seconds.unwrap_or(0.0))?;
    let taken = take(&app, &wanted, wait).await?;
    let all: Vec<&Claimed> = taken.runs.iter().collect();
    let mut jobs = jobs(&app, &all, &wanted.executor_ip).await?;
    taken.deliver(&wanted);
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

/// The address of an executor: what it says, or where it calls from.
pub(super) fn address(said: &str, peer: Option<Extension<Peer>>) -> Result<String, Refusal> {
    check::optional_name("executor_ip", said)?;
    Ok(match peer {
        Some(Extension(Peer(peer))) if said.is_empty() => peer.to_string(),
        _ => said.to_owned(),
    })
}

/// How many runs a caller asks for.
pub(super) fn max(max: Option<u32>) -> Result<u32, Refusal> {
    let max = max.unwrap_or(1);
    if max == 0 || max > MAX_LIMIT {
        let message = format!("max must be from 1 to {MAX_LIMIT}");
        return Err(Refusal::field("max", message));
    }
    Ok(max)
}

/// A wait that a caller asks for.
pub(super) fn wait(seconds: f64) -> Result<Duration, Refusal> {
    if !(0.0..=WAIT_LIMIT_SECONDS).contains(&seconds) {
        let message = format!("wait_seconds must be from 0 to {WAIT_LIMIT_SECONDS}");
        return Err(Refusal::field("wait_seconds", message));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Which runs an executor asks for.
pub(super) struct Wanted {
    pub(super) executor: String,
    pub(super) executor_ip: String,
    pub(super) kinds: Vec<Kind>,
    pub(super) max: u32,
}

/// The claim, which says where the runs are.
async fn located(app: &App, wanted: &Wanted) -> Result<store::runs::Claim, Refusal> {
    let mut claim = store::runs::Claim {
        executor: wanted.executor.clone(),
        executor_ip: wanted.executor_ip.clone(),
        queues: Vec::new(),
        families: Vec::new(),
        looked: 0,
        max: wanted.max as usize,
        lease_ms: app.lease_ms(),
        now: app.now_ms(),
    };
    if wanted.kinds.contains(&Kind::Job) {
        claim.queues.push(QUEUE.to_owned());
    }
    if wanted.kinds.contains(&Kind::PluginJob) {
        // Note the time before looking: what comes in between is not missed.
        claim.looked = app.store.wake().look();
        let executor = wanted.executor.clone();
        let queues = app
            .store
            .read(move |read| claims::plugin_queues(read, &executor))
            .await?;
        if let Some(queues) = queues {
            claim.queues.extend(queues);
            claim.families.push(plugin_jobs::FAMILY.to_owned());
        }
    }
    Ok(claim)
}

/// Runs that were taken for a caller who has not heard of them: dropped, they are queued again and it
/// does not count, or the end of their leases would.
pub(super) struct Taken {
    app: App,
    pub(super) runs: Vec<Claimed>,
}

impl Taken {
    /// The caller is about to hear of them.
    pub(super) fn deliver(mut self, wanted: &Wanted) {
        for claimed in std::mem::take(&mut self.runs) {
            self.app
                .metrics
                .claimed(&claimed.run, self.app.aging_step_ms());
            let (run_id, executor) = (claimed.run.id, &wanted.executor);
            tracing::debug!(%run_id, executor, "a run was claimed");
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let runs = std::mem::take(&mut self.runs);
        if !runs.is_empty() {
            self.app.store.release(runs);
        }
    }
}

/// Takes runs, or waits for some.
pub(super) async fn take(app: &App, wanted: &Wanted, wait: Duration) -> Result<Taken, Refusal> {
    let taken = |runs| Taken {
        app: app.clone(),
        runs,
    };
    let until = Instant::now() + wait;
    loop {
        let claim = located(app, wanted).await?;
        if wait.is_zero() {
            return Ok(taken(app.store.claim(claim).await?));
        }
        let mut pending_claim = app.store.wait_for(claim)?;
        let runs = tokio::select! {
            runs = pending_claim.taken() => runs?,
            () = app.stopping.cancelled() => pending_claim.withdraw()?,
            // What is being committed for it now would else be queued again.
            () = tokio::time::sleep_until(until.min(Instant::now() + app.settings.look_every)) => {
                pending_claim.call_back().await?
            }
        };
        if !runs.is_empty() || Instant::now() >= until || app.stopping.is_cancelled() {
            return Ok(taken(runs));
        }
    }
}

/// What belongs to those jobs that had attempts before, in their order.
async fn started_before(app: &App, taken: &[&Claimed]) -> Result<Vec<Details>, store::Error> {
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
pub(super) async fn jobs(
    app: &App,
    taken: &[&Claimed],
    executor_ip: &str,
) -> Result<Vec<Job>, Refusal> {
    let mut details = started_before(app, taken).await?.into_iter();
    let mut jobs = Vec::with_capacity(taken.len());
    for claimed in taken {
        let before = (claimed.run.starts > 1).then(|| details.next()).flatten();
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
