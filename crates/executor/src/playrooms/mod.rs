//! What lives beside the attempts: the Docker host of this executor, the router, and who watches both.

mod certificate;
mod check;
mod checkouts;
mod directory;
mod logs;
mod observer;
mod operation_lock;
mod orphans;
mod playroom;
mod readiness;
mod routing;
mod sleep;
mod states;
mod stats;
mod stop;
mod wake_handler;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::time::sleep;
use wire::executors::PlayroomInfo;

pub(crate) use check::places;
pub(crate) use directory::{DirectoryMark, PlaygroundDirectory};
pub(crate) use logs::tail;
pub(crate) use observer::observe;
pub(crate) use playroom::{Playroom, RoutesError};
pub use readiness::{DockerReadiness, docker_readiness};
pub(crate) use routing::{PlaygroundRoutes, RoutedService, address};
pub(crate) use sleep::{connects, watch_idle};
pub(crate) use states::states;
pub(crate) use wake_handler::KeptAwake;

use crate::DockerHost;

/// On every container: what it was made from. Containers with the same value are alike.
pub(crate) const CONFIG_LABEL: &str = "playhouse.config";

/// How often a Docker host that is not there is looked for.
const LOOK_PERIOD: Duration = Duration::from_secs(5);

/// The playrooms of an executor: at most one now.
#[derive(Default)]
pub(crate) struct Playrooms {
    settings: Option<DockerHost>,
    found: RwLock<FoundHost>,
}

#[derive(Clone, Default)]
struct FoundHost {
    playroom: Option<Arc<Playroom>>,
    /// Why there is none, where one is wanted.
    error: Option<String>,
}

impl Playrooms {
    /// Looks for the Docker host once. One that is not there is looked for again by [`Self::find`].
    pub(crate) async fn open(settings: Option<DockerHost>) -> Arc<Self> {
        let playrooms = Arc::new(Self {
            settings,
            found: RwLock::default(),
        });
        playrooms.look().await;
        playrooms
    }

    /// Looks for the Docker host until it is there.
    pub(crate) async fn find(&self) {
        while self.settings.is_some() && self.playroom().is_none() {
            sleep(LOOK_PERIOD).await;
            self.look().await;
        }
    }

    async fn look(&self) {
        let Some(settings) = &self.settings else {
            return;
        };
        let found = match Playroom::open(settings).await {
            Ok(playroom) => FoundHost {
                playroom,
                error: None,
            },
            Err(error) => FoundHost {
                playroom: None,
                error: Some(error),
            },
        };
        let before = self.error();
        if let Some(error) = found
            .error
            .as_ref()
            .filter(|error| before.as_ref() != Some(*error))
        {
            tracing::warn!(
                playroom = settings.playroom,
                error,
                "the playroom cannot be used"
            );
        }
        *self.found.write().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// The playroom, if its Docker host is there.
    pub(crate) fn playroom(&self) -> Option<Arc<Playroom>> {
        self.found().playroom
    }

    /// The playroom of this name.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Playroom>> {
        self.playroom().filter(|playroom| playroom.name == name)
    }

    fn error(&self) -> Option<String> {
        self.found().error
    }

    fn found(&self) -> FoundHost {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        found.clone()
    }

    /// What is registered of them.
    pub(crate) fn infos(&self) -> Vec<PlayroomInfo> {
        let found = self.found();
        let unusable = |error: String| PlayroomInfo {
            name: self
                .settings
                .as_ref()
                .map(|one| one.playroom.clone())
                .unwrap_or_default(),
            error: Some(error),
            ..PlayroomInfo::default()
        };
        let usable = found.playroom.map(|playroom| playroom.info());
        usable.or(found.error.map(unusable)).into_iter().collect()
    }
}
