//! What executors of ours say beyond the contract: registration, all leases in one call, results in
//! batches.

use axum::extract::State;
use engine::RunId;
use store::{Topic, runs::Beat};
use tokio::time::Instant;
use wire::{
    executors::{
        HeldLease, LeaseNews, Registration, Renew, Renewed, ResultAnswer, Results, ResultsAnswer,
    },
    jobs::ErrorBody,
};

use super::{claim, error::message, finish, heartbeat, registration};
use crate::{
    access::ExecutorIdentity,
    api::plugin_jobs::plugin_directory::is_usable,
    app::App,
    http::extract::{ExecutorId, Json, run_id},
    http::json::BULK_LIMIT,
    refusal::Refusal,
};

pub(super) const LEASES_LIMIT: usize = 10_000;
const RESULTS_LIMIT: usize = 1_000;
/// The largest registration, in bytes.
const REGISTRATION_LIMIT: usize = 1 << 20;

/// Notes what an executor can do.
#[utoipa::path(put, path = "/api/v1/executors/{executor_id}", tag = "executors",
    request_body = Registration, params(("executor_id" = String, Path, description = "Its name")),
    responses((status = 200, description = "Noted", body = Registration),
        (status = 400, description = "A field is wrong", body = ErrorBody)))]
pub(crate) async fn register(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
    Json(registration): Json<Registration, REGISTRATION_LIMIT>,
) -> Result<axum::Json<Registration>, Refusal> {
    registration::check(&registration)?;
    let usable = registration.plugins.iter().filter(|one| is_usable(one));
    let usable: Vec<String> = usable.map(|plugin| plugin.name.clone()).collect();
    let row = store::executors::Registered {
        name: executor.clone(),
        ip: registration.executor_ip.clone(),
        registration: serde_json::to_vec(&registration).unwrap_or_default(),
        plugins: usable,
        now: app.now_ms(),
    };
    app.store
        .write(move |batch| store::executors::register(batch, &row))
        .await?;
    app.readiness.registered(&executor);
    Ok(axum::Json(registration))
}

/// Extends leases, and keeps them extended while it waits until one of them has news.
#[utoipa::path(post, path = "/api/v1/executors/{executor_id}/leases", tag = "executors",
    request_body = Renew, params(("executor_id" = String, Path, description = "Its name")),
    responses((status = 200, description = "How each lease stands", body = Renewed),
        (status = 400, description = "A field is wrong", body = ErrorBody)))]
pub(crate) async fn renew(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
    executor_identity: ExecutorIdentity,
    Json(request): Json<Renew>,
) -> Result<axum::Json<Renewed>, Refusal> {
    if request.leases.len() > LEASES_LIMIT {
        return Err(Refusal::field(
            "leases",
            format!("at most {LEASES_LIMIT} leases"),
        ));
    }
    let until = Instant::now() + claim::wait(request.wait_seconds)?;
    // Ask to be woken before looking: a signal that comes in between is not missed.
    let signals = app.store.wake().topic(Topic::Executor(executor.clone()));
    // A wait may be longer than a lease: the leases are extended while it lasts.
    let every = app.settings.lease / 3;
    loop {
        let signalled = signals.next();
        let leases = extend(&app, &executor_identity, &executor, &request.leases).await?;
        let news = leases
            .iter()
            .zip(&request.leases)
            .any(|(news, lease)| news.lost || (news.cancel_requested && !lease.cancel_seen));
        if news || Instant::now() >= until || app.stopping.is_cancelled() {
            return Ok(axum::Json(Renewed { leases }));
        }
        tokio::select! {
            () = signalled => {}
            () = app.stopping.cancelled() => {}
            () = tokio::time::sleep_until(until.min(Instant::now() + every)) => {}
        }
    }
}

async fn extend(
    app: &App,
    executor_identity: &ExecutorIdentity,
    executor: &str,
    leases: &[HeldLease],
) -> Result<Vec<LeaseNews>, Refusal> {
    let beats = leases.iter().map(|lease| async {
        let holder = executor_identity.holder(executor, Some(lease.lease_token));
        let beat = match lease.job_id.parse::<RunId>() {
            Ok(id) => heartbeat::beat(app, id, holder).await.map(Some),
            Err(_) => Ok(None),
        };
        let beat = match beat {
            Ok(beat) => beat,
            Err(store::Error::NotFound(_) | store::Error::Rejected(_)) => None,
            Err(error) => return Err(Refusal::from(error)),
        };
        Ok(news(&lease.job_id, beat))
    });
    // Handed over together, they are one statement of one transaction.
    futures_util::future::try_join_all(beats).await
}

fn news(job_id: &str, beat: Option<Beat>) -> LeaseNews {
    LeaseNews {
        job_id: job_id.to_owned(),
        lost: beat.is_none(),
        cancel_requested: beat.is_some_and(|beat| beat.signals.cancel > 0),
    }
}

/// Reports the ends of up to 1,000 attempts; each is accepted or refused by itself.
#[utoipa::path(post, path = "/api/v1/executors/{executor_id}/results", tag = "executors",
    request_body = Results, params(("executor_id" = String, Path, description = "Its name")),
    responses((status = 200, description = "What became of each", body = ResultsAnswer),
        (status = 400, description = "A field is wrong", body = ErrorBody)))]
pub(crate) async fn results(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
    executor_identity: ExecutorIdentity,
    Json(request): Json<Results, BULK_LIMIT>,
) -> Result<axum::Json<ResultsAnswer>, Refusal> {
    if request.results.len() > RESULTS_LIMIT {
        return Err(Refusal::field(
            "results",
            format!("at most {RESULTS_LIMIT} results"),
        ));
    }
    let mut answers = Vec::with_capacity(request.results.len());
    let (mut places, mut finishes) = (Vec::new(), Vec::new());
    for (place, result) in request.results.into_iter().enumerate() {
        let finish = wire::jobs::Finish {
            executor_id: executor.clone(),
            ..result.finish
        };
        let checked = run_id(&result.job_id)
            .and_then(|id| finish::checked(&app, id, &executor_identity, result.completed, finish));
        let error = match checked {
            Ok(finish) => {
                places.push(place);
                finishes.push(finish);
                None
            }
            Err(error) => Some(message(&error)),
        };
        answers.push(ResultAnswer {
            job_id: result.job_id,
            accepted: false,
            error,
        });
    }
    if !finishes.is_empty() {
        for (place, result) in places.into_iter().zip(app.store.finish(finishes).await?) {
            match result {
                Ok(_) => answers[place].accepted = true,
                Err(error) => answers[place].error = Some(message(&error.into())),
            }
        }
    }
    Ok(axum::Json(ResultsAnswer { results: answers }))
}
