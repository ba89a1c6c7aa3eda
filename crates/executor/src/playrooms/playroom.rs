//! A Docker host with the router beside it.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use docker::{
    ComposeProject, ComposeTool, DockerError, Endpoint, Engine, Owner, Selection, build::Builder,
    engine::Container, git::GitPolicy,
};
use tokio::sync::Notify;
use wire::executors::{PlayroomInfo, RouterInfo};

use super::{
    PlaygroundDirectory, PlaygroundRoutes, directory::DirectoryMark, routing::Routing,
    wake_handler::WakeHandler,
};
use crate::{DockerHost, directory::OwnedDirectory};

/// A Docker host that answers.
pub(crate) struct Playroom {
    pub(crate) name: String,
    pub(crate) info: PlayroomInfo,
    pub(crate) engine: Engine,
    pub(crate) routing: Routing,
    /// What stands after subdomains where the playroom has no domain of its own.
    pub(crate) root_domain: String,
    pub(crate) builder: Builder,
    pub(crate) ready_limit: Duration,
    /// Which repositories may be cloned besides those over HTTPS and SSH.
    pub(crate) git: GitPolicy,
    endpoint: Endpoint,
    tool: ComposeTool,
    root: PathBuf,
    /// Why the engine cannot be used now, though it could once.
    away: RwLock<Option<String>>,
    /// Playgrounds that are to be looked at although no event said so.
    looks: Mutex<BTreeSet<i64>>,
    look: Notify,
    /// Held for as long as the directories are in use.
    _lock: OwnedDirectory,
}

/// Why the router's table cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoutesError {
    #[error(transparent)]
    Docker(#[from] DockerError),
    #[error("the routes cannot be used: {0}")]
    Router(#[from] router::Error),
    #[error("the routes cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

impl Playroom {
    /// Connects to the engine, finds the compose tool and starts the router. `None` when no engine was named
    /// and this machine has none.
    pub(super) async fn open(settings: &DockerHost) -> Result<Option<Arc<Self>>, String> {
        let endpoint = match &settings.endpoint {
            Some(text) => Endpoint::parse(text, settings.certificates.as_deref()).map_err(shown)?,
            None => Endpoint::local(),
        };
        let engine = match Engine::connect(&endpoint).await {
            Ok(engine) => engine,
            Err(DockerError::Unreachable(_)) if settings.endpoint.is_none() => return Ok(None),
            Err(error) => return Err(format!("{endpoint}: {error}")),
        };
        let version = engine.version().await.map_err(shown)?;
        let tool = match &settings.compose {
            Some(program) => ComposeTool::at(program).await,
            None => ComposeTool::find().await,
        };
        let tool = tool.map_err(shown)?;
        let root = std::path::absolute(&settings.directory).map_err(shown)?;
        let lock = OwnedDirectory::open(&root)
            .map_err(|error| format!("the directory {}: {error}", root.display()))?;
        let root = root.canonicalize().map_err(shown)?;
        let waker = WakeHandler::default();
        let routing = Routing::bind(settings, waker.hook()).await?;
        let (scheme, port) = routing.reached();
        let info = PlayroomInfo {
            name: settings.playroom.clone(),
            engine_id: engine.id().await.map_err(shown)?,
            engine_version: version.engine,
            compose_version: tool.version().to_owned(),
            platform: format!("{}/{}", version.os, version.architecture),
            router: Some(RouterInfo {
                scheme: scheme.to_owned(),
                port,
                root_domain: settings.root_domain.clone(),
            }),
            error: None,
        };
        let playroom = Self {
            name: settings.playroom.clone(),
            root_domain: settings.root_domain.clone(),
            info,
            builder: Builder::new(engine.clone(), tool.clone(), settings.builds),
            ready_limit: settings.ready_limit,
            git: settings.git,
            engine,
            routing,
            endpoint,
            tool,
            root,
            away: RwLock::default(),
            _lock: lock,
            looks: Mutex::default(),
            look: Notify::new(),
        };
        let playroom = Arc::new(playroom);
        waker.serve(&playroom);
        playroom.restore().await;
        playroom.routing.accept();
        tracing::info!(
            playroom = playroom.name,
            engine = playroom.info.engine_version,
            router = %playroom.routing.address(),
            "the Docker host is there"
        );
        Ok(Some(playroom))
    }

    /// What is registered of it: an engine that is away gets no operations.
    pub(super) fn info(&self) -> PlayroomInfo {
        let away = self.away.read().unwrap_or_else(PoisonError::into_inner);
        PlayroomInfo {
            error: away.clone(),
            ..self.info.clone()
        }
    }

    /// Looks whether the engine answers, and notes it.
    pub(super) async fn look_for_engine(&self) -> Result<(), DockerError> {
        let answer = self.engine.version().await;
        let away = answer.as_ref().err().map(|error| {
            let endpoint = &self.endpoint;
            format!("the Docker engine at {endpoint} does not answer: {error}")
        });
        *self.away.write().unwrap_or_else(PoisonError::into_inner) = away;
        answer.map(drop)
    }

    /// Whether the engine is on this machine, as far as its address tells.
    pub(crate) fn is_here(&self) -> bool {
        self.endpoint.is_local()
    }

    /// The directory of a playground.
    pub(crate) fn directory(&self, project: &str) -> std::io::Result<PlaygroundDirectory> {
        PlaygroundDirectory::of(&self.root, project)
    }

    /// What is fetched of repositories, for all playgrounds.
    pub(crate) fn git_cache(&self) -> PathBuf {
        self.root.join("git-cache")
    }

    /// The directories of all playgrounds.
    pub(super) fn directories(&self) -> std::io::Result<Vec<(PlaygroundDirectory, DirectoryMark)>> {
        PlaygroundDirectory::all(&self.root)
    }

    /// The compose tool with a project of a playground.
    pub(crate) fn project(
        &self,
        name: &str,
        directory: &PlaygroundDirectory,
        file: PathBuf,
    ) -> ComposeProject {
        ComposeProject {
            tool: self.tool.clone(),
            endpoint: self.endpoint.clone(),
            name: name.to_owned(),
            directory: directory.path().to_owned(),
            files: vec![file],
            docker_config: directory.docker_config(),
        }
    }

    /// The containers of a playground, without those of `compose run`.
    pub(crate) async fn containers(
        &self,
        owner: &Owner,
        id: i64,
    ) -> Result<Vec<Container>, DockerError> {
        let selection = Selection::owner(owner).playground(&id.to_string());
        let mut containers = self.engine.containers(&selection).await?;
        containers.retain(|container| !container.one_off);
        Ok(containers)
    }

    /// Has the observer look at a playground.
    pub(super) fn look_at(&self, id: i64) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.insert(id);
        self.look.notify_one();
    }

    /// Waits until playgrounds are to be looked at, and answers which.
    pub(super) async fn asked_to_look(&self) -> BTreeSet<i64> {
        self.look.notified().await;
        std::mem::take(&mut *self.looks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the routes of a playground, in its directory and in the router.
    pub(crate) async fn route(
        &self,
        routes: PlaygroundRoutes,
        directory: &PlaygroundDirectory,
        owner: &Owner,
    ) -> Result<(), RoutesError> {
        let known = self.routing.playground(routes.id);
        let mut known = known.routes.lock().await;
        directory.save_routes(&routes)?;
        let containers = self.containers(owner, routes.id).await?;
        self.routing.set(&routes, &containers)?;
        *known = Some(routes);
        Ok(())
    }

    /// Takes the routes of a playground away.
    pub(crate) async fn unroute(&self, id: i64) -> Result<(), RoutesError> {
        let known = self.routing.playground(id);
        let mut known = known.routes.lock().await;
        self.routing.remove(id)?;
        *known = None;
        Ok(())
    }

    /// Looks at a playground's containers, and has the router use those that are there now.
    pub(crate) async fn refresh(
        &self,
        owner: &Owner,
        id: i64,
    ) -> Result<Vec<Container>, RoutesError> {
        let known = self.routing.playground(id);
        let known = known.routes.lock().await;
        let containers = self.containers(owner, id).await?;
        if let Some(routes) = &*known {
            self.routing.set(routes, &containers)?;
        }
        Ok(containers)
    }

    /// Routes as they were before a restart, from the directories and the containers.
    async fn restore(&self) {
        let directories = self.directories().unwrap_or_else(|error| {
            tracing::warn!(%error, "the directories of playgrounds cannot be listed");
            Vec::new()
        });
        for (directory, mark) in directories {
            let Some(owner) = Owner::new(&mark.owner) else {
                continue;
            };
            let restored = match directory.routes::<PlaygroundRoutes>() {
                Ok(None) => Ok(()),
                Ok(Some(routes)) => self.route(routes, &directory, &owner).await,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = restored {
                tracing::warn!(project = mark.project, %error, "the routes of a playground are not restored");
            }
        }
    }
}

fn shown(error: impl std::fmt::Display) -> String {
    error.to_string()
}
