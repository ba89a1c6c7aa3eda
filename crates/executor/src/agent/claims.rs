//! Claims as many runs, of every kind, as there are free slots, and starts their attempts.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tracing::Instrument;
use wire::executors::{ClaimRuns, ClaimedRun, Exchange, Exchanged, Release};

use super::{Agent, Backoff, results::Finished};
use crate::{Error, attempt::PerformOutcome};

/// How long a claim waits at the server for a job to come.
const WAIT_SECONDS: f64 = 20.0;

/// Longer than a waiting claim can rightly take.
const CALL_LIMIT: Duration = Duration::from_secs(40);

/// The most jobs of one claim: what the protocol allows.
const MAX: u32 = 1000;

/// Claims until the executor is to stop, or the server does not know its key any more; the attempts
/// that still run are returned.
pub(super) async fn claim(agent: &Arc<Agent>) -> (JoinSet<()>, Result<(), Error>) {
    let slots = Arc::new(Semaphore::new(agent.settings.slots.max(1) as usize));
    let mut attempts = JoinSet::new();
    let mut backoff = Backoff::default();
    while let Some(mut permits) = free(agent, &slots).await {
        let claim = ClaimRuns {
            executor_ip: agent.settings.executor_ip.clone(),
            kinds: agent.kinds(),
            wait_seconds: Some(WAIT_SECONDS),
            max: u32::try_from(permits.num_permits()).ok(),
        };
        let claim = Exchange {
            claim: Some(claim),
            ..Exchange::default()
        };
        let asked = Instant::now();
        let answer = tokio::select! {
            answer = ask(agent, &claim) => answer,
            // What is released is not for this executor: the server notices that nobody waits.
            () = agent.cooldown.met() => continue,
        };
        let Some(answer) = answer else {
            break;
        };
        match answer {
            Ok(claimed) => {
                if let Some(away) = backoff.succeed() {
                    tracing::info!(?away, "the server is back");
                    // It may have lost its memory; the executor goes on without this, too.
                    let _ = agent
                        .client
                        .register(&agent.settings.name, &agent.registration())
                        .await;
                }
                // The call was sent before, so the leases do not end earlier than is counted from here.
                let waited = Duration::try_from_secs_f64(claimed.waited_seconds);
                let began = asked + waited.unwrap_or_default();
                for run in claimed.runs {
                    // `None` when the server gave more than was asked for: it is done all the same.
                    let permit = permits.split(1);
                    // An error's, so that a line of any level has it.
                    let span = tracing::error_span!("attempt", run_id = run.id);
                    let attempt = attempt(Arc::clone(agent), run, began, permit);
                    attempts.spawn(attempt.instrument(span));
                }
            }
            Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => {
                return (attempts, Err(error.into()));
            }
            Err(error) => {
                if backoff.is_first() {
                    tracing::warn!(%error, "no jobs can be claimed");
                }
                tokio::select! {
                    () = backoff.wait() => {}
                    () = agent.stop.cancelled() => {}
                }
            }
        }
        while let Some(ended) = attempts.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "an attempt broke off: its lease runs out");
            }
        }
    }
    (attempts, Ok(()))
}

/// All free slots, at least one, when this executor can work; `None` at the stop.
async fn free(agent: &Agent, slots: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    let mut permits = tokio::select! {
        biased;
        () = agent.stop.cancelled() => return None,
        permit = Arc::clone(slots).acquire_owned() => permit.ok()?,
    };
    tokio::select! {
        biased;
        () = agent.stop.cancelled() => return None,
        () = agent.cooldown.rest() => {}
    }
    let more = u32::try_from(slots.available_permits())
        .unwrap_or(MAX)
        .min(MAX - 1);
    if let Ok(more) = Arc::clone(slots).try_acquire_many_owned(more) {
        permits.merge(more);
    }
    Some(permits)
}

/// One claim. `None` when the executor is to stop before it is answered.
async fn ask(agent: &Agent, claim: &Exchange) -> Option<Result<Exchanged, wire::client::Error>> {
    let away = |_| {
        Err(wire::client::Error::Unreachable(
            "the claim was not answered".to_owned(),
        ))
    };
    let call = async {
        timeout(
            CALL_LIMIT,
            agent.client.exchange(&agent.settings.name, claim),
        )
        .await
        .unwrap_or_else(away)
    };
    let stopped = async {
        agent.stop.cancelled().await;
        sleep_until(Instant::now() + agent.settings.claim_grace).await;
    };
    tokio::select! {
        biased;
        answer = call => Some(answer),
        () = stopped => None,
    }
}

/// Performs one run from its claim to its queued result.
async fn attempt(
    agent: Arc<Agent>,
    run: ClaimedRun,
    began: Instant,
    slot: Option<OwnedSemaphorePermit>,
) {
    let (job, token) = (run.id.as_str(), run.token);
    let lease = Duration::try_from_secs_f64(run.lease_seconds).unwrap_or_default();
    let left = run.remaining_ms.map(Duration::from_millis);
    let deadline = left.and_then(|left| Instant::now().checked_add(left));
    tracing::debug!(token, "the run is begun");
    let held = agent.leases.hold(&run, lease, began);
    let work = agent
        .runner
        .perform(&run, deadline, held.watch(), &agent.kill);
    match work.await {
        PerformOutcome::Finished(result, unsent) => {
            tracing::info!(completed = result.completed(), "the run has ended");
            agent.cooldown.pass();
            // When too many wait for the server, the slot waits as well, but not past a drain.
            let place = tokio::select! {
                biased;
                place = Arc::clone(&agent.waiting).acquire_owned() => place.ok(),
                () = agent.kill.cancelled() => None,
            };
            let _ = agent.finished.send(Finished {
                result: *result,
                unsent: unsent.into(),
                held,
                place,
            });
            drop(slot);
        }
        PerformOutcome::Lost => {
            tracing::warn!(run_id = job, "the lease was lost: the job was killed");
        }
        PerformOutcome::Released => {
            tracing::warn!(run_id = job, "the executor ends: the job is given back");
            drop(held);
            drop(slot);
            release(&agent, job, token, None).await;
        }
        PerformOutcome::LeaseExpired => {
            let away = agent.leases.server_was_away(lease);
            tracing::warn!(
                run_id = job,
                away,
                "the lease could not be renewed: the job was killed"
            );
            drop(held);
            drop(slot);
            // That no server was there is not the work's doing.
            let why = (!away).then(|| "its lease could not be renewed".to_owned());
            release(&agent, job, token, why).await;
        }
        PerformOutcome::Abandoned(what) => {
            tracing::error!(run_id = job, what, "the executor cannot do the work");
            drop(held);
            agent.cooldown.meet();
            release(&agent, job, token, Some(what)).await;
            drop(slot);
        }
    }
}

/// Gives a run back, so that it starts elsewhere at once; only without an error it counts as planned.
/// Given up when the server stays away: then the lease runs out.
async fn release(agent: &Agent, job: &str, token: i64, error_message: Option<String>) {
    const LIMIT: Duration = Duration::from_secs(300);
    const DRAIN_LIMIT: Duration = Duration::from_secs(10);
    let release = Release {
        executor: agent.settings.name.clone(),
        token,
        error_message,
    };
    let mut backoff = Backoff::default();
    let tries = async {
        loop {
            match agent.client.release(job, &release).await {
                Err(error) if error.is_transient() => backoff.wait().await,
                Err(error) => {
                    return tracing::info!(run_id = job, %error, "the job was taken already");
                }
                Ok(()) => return,
            }
        }
    };
    let drain = async {
        agent.stop.cancelled().await;
        sleep_until(Instant::now() + DRAIN_LIMIT).await;
    };
    tokio::select! {
        _ = timeout(LIMIT, tries) => {}
        () = drain => {}
    }
}
