//! The loops of an executor: claim, renew, report; and the drain.

mod attempts;
mod claims;
mod cooldown;
mod exchange;
mod health;
mod leases;
mod questions;
mod registration;

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, Semaphore, mpsc},
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use wire::{client::Client, executors::ClaimRuns};

use leases::Held;

use crate::{
    Error, Settings,
    attempt::AttemptRunner,
    backoff::Backoff,
    playrooms::{Playrooms, observe, watch_idle},
    plugin_registry::PluginRegistry,
};

/// The least time for the last results to reach the server at the end of a drain.
const REPORT_GRACE: Duration = Duration::from_secs(10);

/// What the loops share.
struct Agent {
    client: Client,
    settings: Arc<Settings>,
    runner: Arc<AttemptRunner>,
    plugin_registry: Arc<PluginRegistry>,
    playrooms: Arc<Playrooms>,
    leases: Arc<leases::Leases>,
    cooldown: cooldown::Cooldown,
    /// Cancelled: claim no more.
    stop: CancellationToken,
    /// Cancelled: running jobs have had their time.
    kill: CancellationToken,
    /// One for each run that may be owned: those that run, those that were claimed ahead, and those whose
    /// results are not accepted yet.
    places: Arc<Semaphore>,
    /// One for each run that may be performed at once.
    slots: Arc<Semaphore>,
    /// The questions that are being answered.
    answering: std::sync::Mutex<HashSet<String>>,
    /// Claimed runs on their way to their attempts.
    runs: mpsc::UnboundedSender<attempts::Received>,
}

impl Agent {
    /// A claim of so many runs, when this executor can take some.
    fn claim(&self, places: usize, wait_seconds: Option<f64>) -> Option<ClaimRuns> {
        let may_claim = places > 0 && !self.stop.is_cancelled() && !self.cooldown.is_resting();
        may_claim.then(|| ClaimRuns {
            executor_ip: self.settings.executor_ip.clone(),
            kinds: self.kinds(),
            wait_seconds,
            max: u32::try_from(places).ok(),
        })
    }
}

/// Runs until `stop` is cancelled and everything that ran has ended and is reported.
pub(crate) async fn run(
    client: Client,
    settings: Settings,
    stop: CancellationToken,
) -> Result<(), Error> {
    let settings = Arc::new(settings);
    let plugin_registry = PluginRegistry::open(settings.plugins.clone()).await;
    let playrooms = Playrooms::open(settings.docker.clone()).await;
    let runner = AttemptRunner::open(
        client.clone(),
        Arc::clone(&settings),
        Arc::clone(&plugin_registry),
        Arc::clone(&playrooms),
    )
    .await?;
    let (runs, received) = mpsc::unbounded_channel();
    let (finished, queue) = mpsc::unbounded_channel();
    let slots = settings.slots.max(1);
    let places = slots.saturating_add(settings.prefetch);
    let agent = Arc::new(Agent {
        client: client.clone(),
        runner: Arc::new(runner),
        plugin_registry,
        playrooms,
        leases: Arc::new(leases::Leases::default()),
        cooldown: cooldown::Cooldown::default(),
        stop,
        kill: CancellationToken::new(),
        places: Arc::new(Semaphore::new(places as usize)),
        slots: Arc::new(Semaphore::new(slots as usize)),
        answering: std::sync::Mutex::default(),
        runs,
        settings: Arc::clone(&settings),
    });
    let mut renewals = JoinSet::new();
    renewals.spawn(leases::renew(Arc::clone(&agent)));
    // With runs ahead, results can come while others are exchanged for runs.
    let exchanges = if settings.prefetch > 0 { 2 } else { 1 };
    let queue = Arc::new(Mutex::new(queue));
    let mut reports = JoinSet::new();
    for _ in 0..exchanges {
        reports.spawn(exchange::report(Arc::clone(&agent), Arc::clone(&queue)));
    }
    let broken_off = |ended: Option<Result<(), JoinError>>| {
        let why = ended.and_then(Result::err).map(|error| error.to_string());
        Err(Error::BrokenOff(why.unwrap_or_default()))
    };
    let result = tokio::select! {
        result = serve(&agent, received, finished) => result,
        // What runs dies with the attempts that are dropped here, and the leases run out.
        ended = renewals.join_next() => return broken_off(ended),
        ended = reports.join_next() => return broken_off(ended),
    };
    // All senders are gone: the reports end when the last result is accepted.
    let grace = settings.drain_grace.max(REPORT_GRACE);
    let reported = async { while reports.join_next().await.is_some() {} };
    if timeout(grace, reported).await.is_err() {
        tracing::error!("the server took not all results in time: the leases run out");
    }
    result
}

/// Claims and performs until the end of the drain.
async fn serve(
    agent: &Arc<Agent>,
    mut runs: mpsc::UnboundedReceiver<attempts::Received>,
    finished: mpsc::UnboundedSender<exchange::Finished>,
) -> Result<(), Error> {
    // Before it registers: so the server hears at once what is wrong.
    agent.check().await;
    if !agent.register().await? {
        return Ok(());
    }
    tracing::info!(name = agent.settings.name, "registered with the server");
    let mut news = JoinSet::new();
    news.spawn(registration::tell_changes(Arc::clone(agent)));
    news.spawn(watch_playroom(Arc::clone(agent)));
    let mut attempts = JoinSet::new();
    let begin = |attempts: &mut JoinSet<()>, received: attempts::Received| {
        // An error's, so that a line of any level has it.
        let span = tracing::error_span!("attempt", run_id = received.run.id);
        let attempt = attempts::attempt(Arc::clone(agent), received, finished.clone());
        attempts.spawn(attempt.instrument(span));
    };
    let claims = claims::claim(agent);
    tokio::pin!(claims);
    let claimed = loop {
        tokio::select! {
            biased;
            Some(received) = runs.recv() => begin(&mut attempts, received),
            Some(ended) = attempts.join_next() => note(&ended),
            claimed = &mut claims => break claimed,
        }
    };
    // What an exchange brings after this is released.
    runs.close();
    while let Some(received) = runs.recv().await {
        begin(&mut attempts, received);
    }
    news.shutdown().await;
    if claimed.is_err() {
        // What it runs is not its own any more, and nobody takes the results.
        agent.kill.cancel();
    }
    tracing::info!(running = attempts.len(), "no more runs are claimed");
    let drained = async { while attempts.join_next().await.is_some() {} };
    if timeout(agent.settings.drain_grace, drained).await.is_err() {
        tracing::warn!(
            running = attempts.len(),
            "the drain took too long: runs are released"
        );
        agent.kill.cancel();
        while attempts.join_next().await.is_some() {}
    }
    claimed
}

/// Looks for the Docker host until it is there, then watches it and what is idle there.
async fn watch_playroom(agent: Arc<Agent>) {
    agent.playrooms.find().await;
    if let Some(playroom) = agent.playrooms.playroom() {
        let (client, name) = (agent.client.clone(), agent.settings.name.clone());
        tokio::join!(
            observe(client, name, Arc::clone(&playroom)),
            watch_idle(playroom)
        );
    }
}

fn note(ended: &Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "an attempt broke off: its lease runs out");
    }
}
