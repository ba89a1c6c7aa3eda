//! The loops of an executor: claim, renew, report; and the drain.

mod claims;
mod cooldown;
mod leases;
mod registration;
mod results;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use wire::client::Client;

use leases::Held;

use crate::{
    Error, Settings, attempt::AttemptRunner, backoff::Backoff, plugin_registry::PluginRegistry,
};

/// The least time for the last results to reach the server at the end of a drain.
const REPORT_GRACE: Duration = Duration::from_secs(10);

/// What the loops share.
struct Agent {
    client: Client,
    settings: Arc<Settings>,
    runner: Arc<AttemptRunner>,
    plugin_registry: Arc<PluginRegistry>,
    leases: Arc<leases::Leases>,
    cooldown: cooldown::Cooldown,
    /// Cancelled: claim no more.
    stop: CancellationToken,
    /// Cancelled: running jobs have had their time.
    kill: CancellationToken,
    finished: mpsc::UnboundedSender<results::Finished>,
    /// One for each result that may wait for the server; without one a slot stays taken.
    waiting: Arc<Semaphore>,
}

/// Runs until `stop` is cancelled and everything that ran has ended and is reported.
pub(crate) async fn run(
    client: Client,
    settings: Settings,
    stop: CancellationToken,
) -> Result<(), Error> {
    let settings = Arc::new(settings);
    let plugin_registry = PluginRegistry::open(settings.plugins.clone()).await;
    let (own, theirs) = (Arc::clone(&settings), Arc::clone(&plugin_registry));
    let runner = AttemptRunner::open(client.clone(), own, theirs).await?;
    let (finished, queue) = mpsc::unbounded_channel();
    let agent = Arc::new(Agent {
        client: client.clone(),
        runner: Arc::new(runner),
        plugin_registry,
        leases: Arc::new(leases::Leases::default()),
        cooldown: cooldown::Cooldown::default(),
        stop,
        kill: CancellationToken::new(),
        finished,
        waiting: Arc::new(Semaphore::new(settings.slots.max(1) as usize)),
        settings: Arc::clone(&settings),
    });
    let mut renewals = JoinSet::new();
    renewals.spawn(leases::renew(
        client.clone(),
        settings.name.clone(),
        Arc::clone(&agent.leases),
    ));
    let mut reports = tokio::spawn(results::report(client, settings.name.clone(), queue));
    let broken_off = |ended: Option<Result<(), JoinError>>| {
        let why = ended.and_then(Result::err).map(|error| error.to_string());
        Err(Error::BrokenOff(why.unwrap_or_default()))
    };
    let result = tokio::select! {
        result = serve(&agent) => result,
        // What runs dies with the attempts that are dropped here, and the leases run out.
        ended = renewals.join_next() => return broken_off(ended),
        ended = &mut reports => return broken_off(Some(ended)),
    };
    drop(agent);
    // All senders are gone: the reports end when the last result is accepted.
    let grace = settings.drain_grace.max(REPORT_GRACE);
    if timeout(grace, reports).await.is_err() {
        tracing::error!("the server took not all results in time: the leases run out");
    }
    result
}

/// Claims and performs until the end of the drain.
async fn serve(agent: &Arc<Agent>) -> Result<(), Error> {
    if !agent.register().await? {
        return Ok(());
    }
    tracing::info!(name = agent.settings.name, "registered with the server");
    let mut news = JoinSet::new();
    news.spawn(registration::tell_changes(Arc::clone(agent)));
    let (mut attempts, claimed) = claims::claim(agent).await;
    news.shutdown().await;
    if claimed.is_err() {
        // What it runs is not its own any more, and nobody takes the results.
        agent.kill.cancel();
    }
    tracing::info!(running = attempts.len(), "no more jobs are claimed");
    let drained = async { while attempts.join_next().await.is_some() {} };
    if timeout(agent.settings.drain_grace, drained).await.is_err() {
        tracing::warn!(
            running = attempts.len(),
            "the drain took too long: jobs are given back"
        );
        agent.kill.cancel();
        while attempts.join_next().await.is_some() {}
    }
    claimed
}
