//! Watches the containers of a playroom, has the router follow them, and tells the server how services are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use docker::{
    Owner, Selection,
    engine::{Container, ContainerEvent, EventsQuery},
};
use futures_util::StreamExt;
use playground::project::PLAYGROUND_LABEL;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use wire::{
    client::{Client, Error},
    executors::operations::{
        ObservedPlayground, PlacedPlayground, PlacedPlaygrounds, ReportPlaygrounds,
    },
};

use super::{PlaygroundDirectory, Playroom, orphans::Orphans, states, states::asleep};

/// How often everything is looked at, whatever events say.
const PERIOD: Duration = Duration::from_secs(60);
/// Events that come together are one look.
const GATHER: Duration = Duration::from_millis(150);
/// After a call or a look that failed.
const PAUSE: Duration = Duration::from_secs(2);
/// The most playgrounds of one report.
const BATCH: usize = 1_000;

/// Watches until it is dropped.
pub(crate) async fn observe(client: Client, executor: String, playroom: Arc<Playroom>) {
    let mut observer = Observer {
        client,
        executor,
        playroom,
        orphans: Orphans::default(),
    };
    loop {
        if let Err(error) = observer.watch().await {
            tracing::warn!(%error, "the playroom cannot be watched");
        }
        sleep(PAUSE).await;
    }
}

struct Observer {
    client: Client,
    executor: String,
    playroom: Arc<Playroom>,
    orphans: Orphans,
}

#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Server(#[from] Error),
    #[error(transparent)]
    Docker(#[from] docker::DockerError),
    #[error("the server gave the playroom no owner mark")]
    NoOwner,
}

impl Observer {
    /// Looks at everything, then at what events are about.
    async fn watch(&mut self) -> Result<(), WatchError> {
        self.playroom.look_for_engine().await?;
        let placed = self.report(Vec::new()).await?;
        let owner = placed.owners.get(&self.playroom.name);
        let owner = owner
            .and_then(|mark| Owner::new(mark))
            .ok_or(WatchError::NoOwner)?;
        let query = EventsQuery {
            selection: Selection::owner(&owner),
            after: None,
        };
        // Before the first look: what happens after it is not missed.
        let mut events = Box::pin(self.playroom.engine.events(&query));
        let mut placed = self.look(&owner, placed, None).await?;
        let mut next = Instant::now() + PERIOD;
        loop {
            let changed = tokio::select! {
                event = events.next() => match event {
                    Some(event) => {
                        let mut changed = BTreeSet::from_iter(playground_of(&event?));
                        let until = Instant::now() + GATHER;
                        while let Ok(Some(event)) = timeout_at(until, events.next()).await {
                            changed.extend(playground_of(&event?));
                        }
                        Some(changed)
                    }
                    None => return Ok(()),
                },
                asked = self.playroom.asked_to_look() => Some(asked),
                () = sleep_until(next) => None,
            };
            if changed.is_none() {
                placed = self.report(Vec::new()).await?;
                next = Instant::now() + PERIOD;
                self.sweep(&owner, &placed).await?;
            }
            placed = self.look(&owner, placed, changed).await?;
        }
    }

    /// Looks at playgrounds, those that are named or all, and reports them.
    async fn look(
        &mut self,
        owner: &Owner,
        placed: PlacedPlaygrounds,
        named: Option<BTreeSet<i64>>,
    ) -> Result<PlacedPlaygrounds, WatchError> {
        let known: BTreeMap<i64, &PlacedPlayground> = placed
            .playgrounds
            .iter()
            .filter(|one| one.playroom == self.playroom.name)
            .map(|one| (one.id, one))
            .collect();
        let ids = match &named {
            Some(named) => named.clone(),
            None => known.keys().copied().collect(),
        };
        let mut seen = Vec::new();
        for id in ids {
            let containers = match self.playroom.refresh(owner, id).await {
                Ok(containers) => containers,
                Err(error) => {
                    tracing::warn!(playground = id, %error, "a playground cannot be looked at");
                    continue;
                }
            };
            if let Some(one) = known.get(&id) {
                let names = self.services(&one.project);
                let mut services = states(&containers, names.iter().map(String::as_str));
                if let Some(stopped) = self.playroom.stopped_to_sleep(id).await {
                    services = asleep(services, &containers, &stopped);
                    self.stop_again(id, containers);
                }
                seen.push(ObservedPlayground {
                    id,
                    last_operation: one.last_operation.clone(),
                    services,
                });
            }
        }
        let mut answer = None;
        for batch in seen.chunks(BATCH) {
            answer = Some(self.report(batch.to_vec()).await?);
        }
        match answer {
            Some(answer) => Ok(answer),
            // An event of a playground that is new, or changes: what there is has to be asked for.
            None if named.is_some() => self.report(Vec::new()).await,
            None => Ok(placed),
        }
    }

    /// Stops what runs of a playground that sleeps, on the side: containers may take their time.
    fn stop_again(&self, id: i64, containers: Vec<Container>) {
        let playroom = Arc::clone(&self.playroom);
        tokio::spawn(async move {
            if let Err(why) = playroom.stop_again(id, &containers).await {
                tracing::warn!(playground = id, why, "a playground does not sleep");
            }
        });
    }

    async fn report(
        &self,
        playgrounds: Vec<ObservedPlayground>,
    ) -> Result<PlacedPlaygrounds, WatchError> {
        let report = ReportPlaygrounds { playgrounds };
        Ok(self
            .client
            .report_playgrounds(&self.executor, &report)
            .await?)
    }

    /// Removes what belongs to no playground.
    async fn sweep(&mut self, owner: &Owner, placed: &PlacedPlaygrounds) -> Result<(), WatchError> {
        // A server that does not count the playroom as this executor's any more knows nothing of what is in it.
        let mark = placed.owners.get(&self.playroom.name).map(String::as_str);
        if mark != Some(owner.mark()) {
            return Err(WatchError::NoOwner);
        }
        let ids: BTreeSet<i64> = placed.playgrounds.iter().map(|one| one.id).collect();
        Ok(self.orphans.sweep(&self.playroom, owner, &ids).await?)
    }

    /// The services that should have containers.
    fn services(&self, project: &str) -> BTreeSet<String> {
        let directory: Option<PlaygroundDirectory> = self.playroom.directory(project).ok();
        let document = directory.and_then(|directory| directory.document().ok().flatten());
        document
            .map(|document| document.services.into_keys().collect())
            .unwrap_or_default()
    }
}

/// The playground that an event is about, if a look at it tells something new.
fn playground_of(event: &ContainerEvent) -> Option<i64> {
    // A health check that runs is an event as well, and tells nothing.
    if event.action.starts_with("exec_") || event.action.starts_with("top") {
        return None;
    }
    event.attributes.get(PLAYGROUND_LABEL)?.parse().ok()
}
