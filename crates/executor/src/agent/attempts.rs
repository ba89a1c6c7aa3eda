//! One run from its claim to its queued result.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use wire::executors::{ClaimedRun, Exchanged, Release};

use super::{Agent, Backoff, exchange::Finished};
use crate::{attempt::PerformOutcome, lease::Lease};

/// A claimed run on its way to its attempt.
pub(super) struct Received {
    pub(super) run: ClaimedRun,
    /// The lease does not end earlier than is counted from here.
    began: Instant,
    /// `None` when the server gave more than was asked for: the run is performed all the same.
    place: Option<OwnedSemaphorePermit>,
}

impl Agent {
    /// Passes claimed runs on. Those that come after the stop are released.
    pub(super) async fn receive(
        &self,
        exchanged: Exchanged,
        asked: Instant,
        mut places: Option<OwnedSemaphorePermit>,
    ) {
        let waited = Duration::try_from_secs_f64(exchanged.waited_seconds).unwrap_or_default();
        for run in exchanged.runs {
            let received = Received {
                run,
                // The request was sent before the lease began.
                began: asked + waited,
                place: places.as_mut().and_then(|places| places.split(1)),
            };
            if let Err(late) = self.runs.send(received) {
                release(self, &late.0.run, Unfinished::Planned(None)).await;
            }
        }
    }
}

impl Agent {
    /// Whose fault it is that a run cannot be performed: what is wrong here with every run is not that one's.
    async fn unfinished(&self, what: String) -> Unfinished {
        if self.check().await {
            self.cooldown.meet();
            Unfinished::Lost(what)
        } else {
            Unfinished::Planned(Some(what))
        }
    }
}

/// Why a run that was claimed ahead is not begun.
enum Unstarted {
    /// It waited for too long, or the executor is to stop.
    Released,
    Lost,
}

/// Performs one run.
pub(super) async fn attempt(
    agent: Arc<Agent>,
    received: Received,
    finished: mpsc::UnboundedSender<Finished>,
) {
    let Received { run, began, place } = received;
    let lease = Duration::try_from_secs_f64(run.lease_seconds).unwrap_or_default();
    let left = run.remaining_ms.map(Duration::from_millis);
    let deadline = left.and_then(|left| Instant::now().checked_add(left));
    let held = agent.leases.hold(&run, lease, began);
    let limit = left.map_or(lease / 2, |left| (lease / 2).min(left / 10));
    let slot = match slot(&agent, limit, held.watch()).await {
        Ok(slot) => slot,
        Err(Unstarted::Lost) => return,
        Err(Unstarted::Released) => {
            drop(held);
            tracing::debug!("no slot became free in time: the run is released");
            release(&agent, &run, Unfinished::Planned(None)).await;
            // Another run would wait as long: nothing is claimed ahead before a slot was free.
            tokio::select! {
                _ = agent.slots.acquire() => {}
                () = agent.stop.cancelled() => {}
            }
            return;
        }
    };
    tracing::debug!(token = run.token, "the run is begun");
    let work = agent
        .runner
        .perform(&run, deadline, held.watch(), &agent.kill);
    match work.await {
        PerformOutcome::Finished(result, unsent) => {
            tracing::info!(completed = result.completed(), "the run has ended");
            match agent.runner.unable() {
                Some(why) => agent.cooldown.suspend(why),
                None => agent.cooldown.pass(),
            }
            drop(slot);
            // The place waits with the result, so that not too many results wait.
            let _ = finished.send(Finished {
                result: *result,
                unsent: unsent.into(),
                held,
                place,
            });
        }
        PerformOutcome::Parked => tracing::info!("the run waits"),
        PerformOutcome::Lost => {
            tracing::warn!("the lease was lost: the run was killed");
        }
        PerformOutcome::Released => {
            tracing::warn!("the executor ends: the run is released");
            drop((held, slot, place));
            release(&agent, &run, Unfinished::Planned(None)).await;
        }
        PerformOutcome::LeaseExpired => {
            let away = agent.leases.server_was_away(lease);
            tracing::warn!(away, "the lease could not be renewed: the run was killed");
            drop((held, slot, place));
            // A server that was away is not the work's fault.
            let why = match away {
                true => Unfinished::Planned(None),
                false => Unfinished::Lost("its lease could not be renewed".to_owned()),
            };
            release(&agent, &run, why).await;
        }
        PerformOutcome::Abandoned(what) => {
            tracing::error!(what, "the executor cannot do the work");
            drop(held);
            let why = agent.unfinished(what).await;
            release(&agent, &run, why).await;
        }
    }
}

/// Waits for a slot, at most so long. `None` when the run is cancelled: that needs none.
async fn slot(
    agent: &Agent,
    limit: Duration,
    mut lease: watch::Receiver<Lease>,
) -> Result<Option<OwnedSemaphorePermit>, Unstarted> {
    let until = Instant::now() + limit;
    let slot = Arc::clone(&agent.slots).acquire_owned();
    tokio::pin!(slot);
    loop {
        tokio::select! {
            biased;
            slot = &mut slot => return Ok(slot.ok()),
            () = agent.stop.cancelled() => return Err(Unstarted::Released),
            () = sleep_until(until) => return Err(Unstarted::Released),
            changed = lease.changed() => {
                let now = *lease.borrow_and_update();
                if now.lost || changed.is_err() {
                    return Err(Unstarted::Lost);
                }
                if now.is_cancelled() {
                    return Ok(None);
                }
            }
        }
    }
}

/// Why a run is released unfinished.
enum Unfinished {
    /// Not because of the run: the attempt does not count. With what is wrong with the executor, if something is.
    Planned(Option<String>),
    /// The attempt counts as a lost one.
    Lost(String),
}

/// Releases a run, so that it starts elsewhere at once. Given up when the server stays away: then the lease runs
/// out.
async fn release(agent: &Agent, run: &ClaimedRun, why: Unfinished) {
    const LIMIT: Duration = Duration::from_secs(300);
    const DRAIN_LIMIT: Duration = Duration::from_secs(10);
    let (error_message, reason) = match why {
        Unfinished::Planned(reason) => (None, reason),
        Unfinished::Lost(error) => (Some(error), None),
    };
    let release = Release {
        executor: agent.settings.name.clone(),
        token: run.token,
        error_message,
        reason,
    };
    let mut backoff = Backoff::default();
    let tries = async {
        loop {
            match agent.client.release(&run.id, &release).await {
                Err(error) if error.is_transient() => backoff.wait().await,
                Err(error) => {
                    return tracing::info!(run_id = run.id, %error, "the run was taken already");
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
