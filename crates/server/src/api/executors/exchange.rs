//! Executors exchange results for new runs.

use std::time::Duration;

use axum::{Extension, extract::State};
use engine::Kind;
use store::runs::Finish;
use tokio::time::Instant;
use wire::executors::{ClaimRuns, Exchange, Exchanged, ResultAnswer, RunResult};

use super::{claimed, refuse};
use crate::{
    access::ExecutorIdentity,
    api::problem,
    app::App,
    http::{
        extract::{ExecutorId, Json, run_id},
        json::BULK_LIMIT,
        peer::Peer,
    },
    refusal::Refusal,
    runs::{
        claim::{self, ClaimRequest, TakenRuns},
        finish,
    },
};

const RESULTS_LIMIT: usize = 1_000;

/// Finishes attempts and claims runs, in one commit. Each result is accepted or refused by itself. With
/// results the answer comes right after the commit; without, it waits for runs as long as the claim says. Of
/// plugin jobs it takes those whose plugins the executor has registered.
#[utoipa::path(post, path = "/api/executors/{executor}/exchange", tag = "executors",
    request_body = Exchange, params(("executor" = String, Path, description = "Its name")),
    responses((status = 200, description = "Whether each result was accepted, and the runs",
            body = Exchanged),
        (status = 400, description = "A field is wrong")))]
pub(crate) async fn exchange(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
    peer: Option<Extension<Peer>>,
    identity: ExecutorIdentity,
    Json(request): Json<Exchange, BULK_LIMIT>,
) -> Result<axum::Json<Exchanged>, Refusal> {
    if request.results.len() > RESULTS_LIMIT {
        let message = format!("results: at most {RESULTS_LIMIT} results");
        return Err(Refusal::bad_request(message));
    }
    let claim = request.claim.as_ref();
    let wait = claim.and_then(|claim| claim.wait_seconds).unwrap_or(0.0);
    let wait = claim::wait(wait)?;
    let claim = claim
        .map(|claim| claim_request(claim, &executor, peer))
        .transpose()?;
    let (mut answers, finishes) = results(&app, &executor, &identity, request.results);
    let (asked, asked_at) = (Instant::now(), app.now_ms());
    let mut taken = commit(&app, finishes, claim.as_ref(), wait, &mut answers)
        .await
        .map_err(refuse)?;
    taken.open().await?;
    let runs = claimed::answer(&app, &taken.runs).await.map_err(refuse)?;
    let waited = claimed::waited(&taken.runs, asked_at).min(asked.elapsed());
    taken.deliver(&executor);
    Ok(axum::Json(Exchanged {
        results: answers,
        runs,
        waited_seconds: waited.as_secs_f64(),
    }))
}

/// Finishes and claims in one commit.
async fn commit(
    app: &App,
    finishes: Vec<(usize, Finish)>,
    claim: Option<&ClaimRequest>,
    wait: Duration,
    answers: &mut [ResultAnswer],
) -> Result<TakenRuns, store::Error> {
    if let Some(claim) = claim.filter(|_| finishes.is_empty()) {
        return claim::take(app, claim, wait).await;
    }
    let (places, finishes): (Vec<usize>, Vec<Finish>) = finishes.into_iter().unzip();
    let (ends, runs) = match claim {
        Some(claim) => {
            let claim = claim.located(app).await?;
            app.store.exchange(finishes, claim).await?
        }
        None if finishes.is_empty() => (Vec::new(), Vec::new()),
        None => (app.store.finish(finishes).await?, Vec::new()),
    };
    let taken = TakenRuns::new(app, runs);
    for (place, end) in places.into_iter().zip(ends) {
        match end {
            Ok(_) => answers[place].accepted = true,
            Err(error) => {
                answers[place].error = Some(problem::detail(&refuse(error)));
            }
        }
    }
    Ok(taken)
}

fn claim_request(
    claim: &ClaimRuns,
    executor: &str,
    peer: Option<Extension<Peer>>,
) -> Result<ClaimRequest, Refusal> {
    Ok(ClaimRequest {
        executor: executor.to_owned(),
        executor_ip: claim::address(&claim.executor_ip, peer)?,
        kinds: kinds(&claim.kinds)?,
        max: claim::max(claim.max)?,
        registered: true,
    })
}

fn kinds(words: &[String]) -> Result<Vec<Kind>, Refusal> {
    let kinds: Result<Vec<Kind>, _> = words.iter().map(|word| word.parse()).collect();
    let kinds = kinds.map_err(|_| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        Refusal::bad_request(format!("kinds must be some of {}", known.join(", ")))
    })?;
    if kinds.is_empty() {
        return Err(Refusal::bad_request("kinds must not be empty"));
    }
    Ok(kinds)
}

/// An answer for each result, and those that the store decides on, with their places.
fn results(
    app: &App,
    executor: &str,
    identity: &ExecutorIdentity,
    results: Vec<RunResult>,
) -> (Vec<ResultAnswer>, Vec<(usize, Finish)>) {
    let mut answers = Vec::with_capacity(results.len());
    let mut finishes = Vec::with_capacity(results.len());
    for (place, result) in results.into_iter().enumerate() {
        let id = run_id(&result.run_id);
        answers.push(ResultAnswer {
            run_id: result.run_id.clone(),
            accepted: false,
            error: id.as_ref().err().map(problem::detail),
        });
        if let Ok(id) = id {
            let holder = identity.holder(executor, Some(result.token));
            finishes.push((place, finish::finish(app, id, holder, result)));
        }
    }
    (answers, finishes)
}
