//! Executors renew their leases, and learn of signals.

use axum::extract::State;
use engine::RunId;
use store::{Topic, runs::Heartbeat};
use tokio::time::Instant;
use wire::executors::{AskedQuestion, HeldLease, LeaseNews, Renew, Renewed};

use super::{claimed::signals, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::extract::{ExecutorId, Json},
    questions,
    refusal::Refusal,
    runs::claim,
};

/// Leases of one call.
pub(super) const LEASES_LIMIT: usize = 10_000;

/// Extends leases, and keeps them extended while it waits until one of them ends or has a newer signal.
#[utoipa::path(post, path = "/api/executors/{executor}/leases", tag = "executors",
    request_body = Renew, params(("executor" = String, Path, description = "Its name")),
    responses((status = 200, description = "How each lease stands", body = Renewed),
        (status = 400, description = "A field is wrong")))]
pub(crate) async fn renew(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
    identity: ExecutorIdentity,
    Json(request): Json<Renew>,
) -> Result<axum::Json<Renewed>, Refusal> {
    if request.leases.len() > LEASES_LIMIT {
        let message = format!("leases: at most {LEASES_LIMIT} leases");
        return Err(Refusal::bad_request(message));
    }
    let until = Instant::now() + claim::wait(request.wait_seconds)?;
    // Subscribe before looking: a signal that comes in between is not missed.
    let name = identity.name(&executor);
    let topic = app.store.wake().topic(Topic::Executor(name.clone()));
    // A wait may be longer than a lease: the leases are extended while it lasts.
    let every = app.settings.lease / 3;
    loop {
        let signalled = topic.next();
        let leases = extend(&app, &identity, &executor, &request.leases).await?;
        let questions = asked(&app, &name, &request.answering).await?;
        let news = !questions.is_empty()
            || leases
                .iter()
                .any(|lease| lease.lost || lease.signals.is_some());
        if news || Instant::now() >= until || app.stopping.is_cancelled() {
            return Ok(axum::Json(Renewed { leases, questions }));
        }
        tokio::select! {
            () = signalled => {}
            () = app.stopping.cancelled() => {}
            () = tokio::time::sleep_until(until.min(Instant::now() + every)) => {}
        }
    }
}

/// The questions to an executor that it has not heard.
async fn asked(app: &App, executor: &str, heard: &[String]) -> Result<Vec<AskedQuestion>, Refusal> {
    let name = executor.to_owned();
    let open = app
        .store
        .read(move |read| store::questions::open(read, &name));
    let mut asked = Vec::new();
    for (id, body) in open.await.map_err(refuse)? {
        let heard = heard.contains(&id.to_string());
        if !heard {
            let question = questions::read(app, id, &body).await?;
            let id = id.to_string();
            asked.push(AskedQuestion { id, question });
        }
    }
    Ok(asked)
}

async fn extend(
    app: &App,
    identity: &ExecutorIdentity,
    executor: &str,
    leases: &[HeldLease],
) -> Result<Vec<LeaseNews>, Refusal> {
    let (lease_ms, now) = (app.lease_ms(), app.now_ms());
    let beats = leases.iter().map(|lease| async {
        let holder = identity.holder(executor, Some(lease.token));
        let mut news = LeaseNews {
            run_id: lease.run_id.clone(),
            lost: true,
            signals: None,
        };
        let Ok(id) = lease.run_id.parse::<RunId>() else {
            return Ok(news);
        };
        let beat = app.store.heartbeat(Heartbeat {
            id,
            holder,
            lease_ms,
            now,
        });
        match beat.await {
            Ok(beat) => {
                news.lost = false;
                news.signals =
                    Some(signals(beat.signals)).filter(|signals| signals.generation > lease.seen);
            }
            Err(store::Error::NotFound(_) | store::Error::Rejected(_)) => {}
            Err(error) => return Err(refuse(error)),
        }
        Ok(news)
    });
    // Handed over together, they are one statement of one transaction.
    futures_util::future::try_join_all(beats).await
}
