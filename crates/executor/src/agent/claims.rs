//! Claims runs for places that are idle. Places that become free together with a result claim with it: see
//! `exchange`.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until, timeout},
};
use wire::executors::{Exchange, Exchanged};

use super::{Agent, Backoff};
use crate::Error;

/// How long a claim waits at the server for a run.
const WAIT_SECONDS: f64 = 20.0;

/// Longer than a waiting claim can take.
const CALL_LIMIT: Duration = Duration::from_secs(40);

/// The most runs of one claim: what the protocol allows.
const MAX: u32 = 1000;

/// Claims until the executor is to stop, or the server does not know its key any more.
pub(super) async fn claim(agent: &Arc<Agent>) -> Result<(), Error> {
    let mut backoff = Backoff::default();
    while let Some(places) = idle(agent).await {
        let exchange = Exchange {
            results: Vec::new(),
            claim: agent.claim(places.num_permits(), Some(WAIT_SECONDS)),
        };
        let asked = Instant::now();
        let answer = tokio::select! {
            answer = ask(agent, &exchange) => answer,
            // What is released is not for this executor: the server notices that the caller is gone.
            () = agent.cooldown.met() => continue,
        };
        match answer {
            None => break,
            Some(Ok(exchanged)) => {
                if let Some(away) = backoff.succeed() {
                    tracing::info!(?away, "the server is back");
                    // It may have lost its database; the executor goes on without this, too.
                    let _ = agent
                        .client
                        .register(&agent.settings.name, &agent.registration())
                        .await;
                }
                agent.receive(exchanged, asked, Some(places)).await;
            }
            Some(Err(error)) if error.status() == Some(StatusCode::UNAUTHORIZED) => {
                return Err(error.into());
            }
            Some(Err(error)) => {
                if backoff.is_first() {
                    tracing::warn!(%error, "no runs can be claimed");
                }
                tokio::select! {
                    () = backoff.wait() => {}
                    () = agent.stop.cancelled() => {}
                }
            }
        }
    }
    Ok(())
}

/// All idle places, at least one, when this executor can work; `None` at the stop.
async fn idle(agent: &Agent) -> Option<OwnedSemaphorePermit> {
    let places = &agent.places;
    let mut permits = tokio::select! {
        biased;
        () = agent.stop.cancelled() => return None,
        permit = Arc::clone(places).acquire_owned() => permit.ok()?,
    };
    tokio::select! {
        biased;
        () = agent.stop.cancelled() => return None,
        () = agent.ready() => {}
    }
    let more = u32::try_from(places.available_permits()).unwrap_or(MAX);
    if let Ok(more) = Arc::clone(places).try_acquire_many_owned(more.min(MAX - 1)) {
        permits.merge(more);
    }
    Some(permits)
}

/// One claim. `None` when the executor is to stop before it is answered.
async fn ask(agent: &Agent, exchange: &Exchange) -> Option<Result<Exchanged, wire::client::Error>> {
    let away = |_| {
        Err(wire::client::Error::Unreachable(
            "the claim was not answered".to_owned(),
        ))
    };
    let call = async {
        let call = agent.client.exchange(&agent.settings.name, exchange);
        timeout(CALL_LIMIT, call).await.unwrap_or_else(away)
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
