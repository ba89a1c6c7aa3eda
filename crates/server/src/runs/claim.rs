//! Takes runs for executors, of ours and of others, from the queues that their kinds wait in.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::Extension;
use engine::{Kind, Resources};
use store::{Read, runs::Claimed};
use tokio::time::Instant;

use crate::{
    app::App,
    http::check,
    http::peer::Peer,
    kinds::{self, Queues},
    placement::Capable,
    refusal::Refusal,
    vault,
};

const MAX_LIMIT: u32 = 1_000;
const WAIT_LIMIT_SECONDS: f64 = 60.0;
/// Queues of a family with ready runs that the executor can perform, at most so many.
const QUEUES: usize = 64;

/// The address of an executor: what it says, or where it calls from.
pub(crate) fn address(said: &str, peer: Option<Extension<Peer>>) -> Result<String, Refusal> {
    check::optional_name("executor_ip", said)?;
    Ok(match peer {
        Some(Extension(Peer(peer))) if said.is_empty() => peer.to_string(),
        _ => said.to_owned(),
    })
}

/// How many runs a caller asks for.
pub(crate) fn max(max: Option<u32>) -> Result<u32, Refusal> {
    let max = max.unwrap_or(1);
    if max == 0 || max > MAX_LIMIT {
        let message = format!("max must be from 1 to {MAX_LIMIT}");
        return Err(Refusal::field("max", message));
    }
    Ok(max)
}

/// A wait that a caller asks for.
pub(crate) fn wait(seconds: f64) -> Result<Duration, Refusal> {
    if !(0.0..=WAIT_LIMIT_SECONDS).contains(&seconds) {
        let message = format!("wait_seconds must be from 0 to {WAIT_LIMIT_SECONDS}");
        return Err(Refusal::field("wait_seconds", message));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Which runs an executor asks for.
pub(crate) struct ClaimRequest {
    pub(crate) executor: String,
    pub(crate) executor_ip: String,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) max: u32,
    /// Whether it is one of ours, which has said what it can do: others take jobs that require nothing.
    pub(crate) registered: bool,
}

impl ClaimRequest {
    /// The claim, which says where the runs are.
    pub(crate) async fn located(&self, app: &App) -> Result<store::runs::Claim, store::Error> {
        let mut claim = store::runs::Claim {
            executor: self.executor.clone(),
            executor_ip: self.executor_ip.clone(),
            queues: Vec::new(),
            families: Vec::new(),
            looked: 0,
            offer: Resources::default(),
            max: self.max as usize,
            lease_ms: app.lease_ms(),
            now: app.now_ms(),
        };
        let mut families = Vec::new();
        for kind in &self.kinds {
            match kinds::of(*kind).queues {
                Queues::One(queue) => claim.queues.push(queue.to_owned()),
                Queues::Both(queue) => {
                    claim.queues.push(queue.to_owned());
                    families.extend(self.registered.then_some(queue));
                }
                Queues::Family(family) => families.push(family),
            }
        }
        if !families.is_empty() {
            // Note the time before looking: what comes in between is not missed.
            claim.looked = app.store.wake().look();
            if app.nothing_placed.is_known(claim.looked) {
                claim.families = families.into_iter().map(str::to_owned).collect();
                return Ok(claim);
            }
            let (executor, wanted) = (self.executor.clone(), families.clone());
            let found = app
                .store
                .read(move |read| queues_of(read, &executor, &wanted));
            if let Some(found) = found.await? {
                claim.queues.extend(found.queues);
                claim.families = families.into_iter().map(str::to_owned).collect();
                claim.offer = found.offer;
                if !found.any {
                    app.nothing_placed.note(claim.looked);
                }
            }
        }
        Ok(claim)
    }
}

/// What an executor finds in its families.
struct Found {
    queues: Vec<String>,
    offer: Resources,
    /// Whether anything waits in any family, for any executor.
    any: bool,
}

/// The queues of these families with ready runs that an executor has the capabilities for; `None` for one
/// without capabilities.
fn queues_of(
    read: &mut Read<'_, '_>,
    executor: &str,
    families: &[&'static str],
) -> Result<Option<Found>, store::Error> {
    let own = store::executors::capabilities(read, executor)?;
    if own.is_empty() {
        return Ok(None);
    }
    let capable = Capable::of(&own);
    let wanted = |family: &str, rest: &str| families.contains(&family) && capable.has_all(rest);
    let (queues, any) = store::runs::ready_queues(read, QUEUES, wanted)?;
    Ok(Some(Found {
        queues,
        offer: capable.offer,
        any,
    }))
}

/// That nothing waited in the queues of families when a claim looked last: as long as no run became ready there since,
/// other claims need not look.
#[derive(Default)]
pub(crate) struct NothingPlaced(Mutex<Option<(u64, Instant)>>);

impl NothingPlaced {
    /// A notice of another server may be lost: then it is looked again after so long.
    const GOOD_FOR: Duration = Duration::from_secs(2);

    fn is_known(&self, looked: u64) -> bool {
        self.last()
            .is_some_and(|(at, noted)| at == looked && noted.elapsed() < Self::GOOD_FOR)
    }

    fn note(&self, looked: u64) {
        *self.last() = Some((looked, Instant::now()));
    }

    fn last(&self) -> MutexGuard<'_, Option<(u64, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs that were taken for a caller who has not heard of them: dropped, they are queued again and it
/// does not count, or the end of their leases would.
pub(crate) struct TakenRuns {
    app: App,
    pub(crate) runs: Vec<Claimed>,
}

impl TakenRuns {
    pub(crate) fn new(app: &App, runs: Vec<Claimed>) -> Self {
        let app = app.clone();
        Self { app, runs }
    }

    /// Opens what is sealed in their inputs. One that cannot be opened is left without an input, so that it is
    /// not answered, as one that cannot be read.
    ///
    /// # Errors
    /// The database's: then they are queued again.
    pub(crate) async fn open(&mut self) -> Result<(), Refusal> {
        for claimed in &mut self.runs {
            if vault::has_sealed(&claimed.input) {
                let id = claimed.run.id;
                let sealer = self.app.vault.sealer(&self.app.store).await?;
                let opened = sealer.open_input(id, &claimed.input);
                if opened.is_none() {
                    tracing::error!(run_id = %id, "the secrets of a run cannot be opened");
                }
                claimed.input = opened.unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The caller is about to hear of them.
    pub(crate) fn deliver(mut self, executor: &str) {
        for claimed in std::mem::take(&mut self.runs) {
            self.app
                .metrics
                .claimed(&claimed.run, self.app.aging_step_ms());
            tracing::debug!(run_id = %claimed.run.id, executor, "a run was claimed");
        }
    }
}

impl Drop for TakenRuns {
    fn drop(&mut self) {
        let runs = std::mem::take(&mut self.runs);
        if !runs.is_empty() {
            self.app.store.release(runs);
        }
    }
}

/// Takes runs, or waits for some.
pub(crate) async fn take(
    app: &App,
    request: &ClaimRequest,
    wait: Duration,
) -> Result<TakenRuns, store::Error> {
    let until = Instant::now() + wait;
    loop {
        let claim = request.located(app).await?;
        if wait.is_zero() {
            return Ok(TakenRuns::new(app, app.store.claim(claim).await?));
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
            return Ok(TakenRuns::new(app, runs));
        }
    }
}
