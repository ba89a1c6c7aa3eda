//! Builds images by the Compose tool, which knows all of `build`.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use serde_json::json;
use tokio::sync::Mutex as Turn;
use tokio_util::sync::CancellationToken;

use super::{BuildIdentity, identity::IDENTITY_LABEL, queue::Queue};
use crate::{
    ChildError, ComposeError, ComposeProject, ComposeTool, DockerError, Engine,
    compose::{ComposeProgress, Watch},
    engine::Image,
};

/// Builds images on one engine.
#[derive(Clone, Debug)]
pub struct Builder {
    engine: Engine,
    tool: ComposeTool,
    queue: Queue,
    /// One lock for each image, so that an image is built once at a time.
    turns: Arc<Mutex<HashMap<String, Weak<Turn<()>>>>>,
}

/// A build that is wanted.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// What is built.
    pub identity: BuildIdentity,
    /// The checkout.
    pub context: PathBuf,
    /// More labels of the image, such as whose it is.
    pub labels: BTreeMap<String, String>,
    /// A directory with Docker's `config.json`, which has the logins to registries.
    pub docker_config: PathBuf,
    /// Fetches newer base images, and builds again what is there.
    pub pull: bool,
}

/// What bounds a build, and who hears of it.
pub struct BuildWatch<'a> {
    /// How long it may take, without the time in line; 45 minutes is usual.
    pub timeout: Duration,
    /// When this is cancelled the build is killed, or leaves the line.
    pub cancel: &'a CancellationToken,
    /// Hears the place in line, from 1 on.
    pub place: &'a mut (dyn FnMut(usize) + Send),
    /// Hears the log.
    pub log: &'a mut (dyn FnMut(&str) + Send),
}

/// An image that is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BuiltImage {
    /// Its id.
    pub id: String,
    /// Its name.
    pub tag: String,
    /// True when it was there already.
    pub reused: bool,
}

/// Why there is no image.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BuildError {
    /// The engine could not be asked.
    #[error(transparent)]
    Engine(#[from] DockerError),
    /// The build failed.
    #[error("failed to build service {service}: {error}")]
    Compose {
        /// The service.
        service: String,
        /// What the tool said.
        error: ComposeError,
    },
    /// The tool says that it has built it, and it is not there.
    #[error("the build of service {0} ended without an image of its identity")]
    Missing(String),
    /// The build's own file cannot be written.
    #[error("failed to prepare a build: {0}")]
    Io(Arc<io::Error>),
}

impl Builder {
    /// A builder with at most so many builds at once.
    #[must_use]
    pub fn new(engine: Engine, tool: ComposeTool, at_once: usize) -> Self {
        Self {
            engine,
            tool,
            queue: Queue::new(at_once),
            turns: Arc::default(),
        }
    }

    /// How many builds wait in line.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// The image of an identity: the one that is there, or a new one. One that cannot be built again stays.
    ///
    /// # Errors
    /// When the build fails, takes too long or is cancelled.
    pub async fn build(
        &self,
        request: &BuildRequest,
        mut watch: BuildWatch<'_>,
    ) -> Result<BuiltImage, BuildError> {
        let cancel = watch.cancel.clone();
        let built = cancel
            .run_until_cancelled(self.in_turn(request, &mut watch))
            .await;
        built.unwrap_or_else(|| {
            let program = "the build";
            Err(BuildError::Compose {
                service: request.identity.service.clone(),
                error: ChildError::Cancelled { program }.into(),
            })
        })
    }

    async fn in_turn(
        &self,
        request: &BuildRequest,
        watch: &mut BuildWatch<'_>,
    ) -> Result<BuiltImage, BuildError> {
        let turn = self.turn(&request.identity.tag());
        let _turn = turn.lock().await;
        let there = self.present(&request.identity).await?;
        if let Some(image) = there.clone().filter(|_| !request.pull) {
            return Ok(request.identity.built(image, true));
        }
        let _slot = self.queue.slot(watch.place).await;
        if let Err(error) = self.run(request, watch).await {
            // What is there still serves, whatever the registry of its base image says.
            let image = there.ok_or_else(|| error.clone())?;
            (watch.log)(&format!("not built again: {error}"));
            return Ok(request.identity.built(image, true));
        }
        let image = self.present(&request.identity).await?;
        let missing = || BuildError::Missing(request.identity.service.clone());
        Ok(request.identity.built(image.ok_or_else(missing)?, false))
    }

    /// The turn for an image; all that wait for it share one.
    fn turn(&self, tag: &str) -> Arc<Turn<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(tag).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(tag.to_owned(), Arc::downgrade(&turn));
        turn
    }

    /// The image with the identity's name. Its label has to agree, as anyone can give out names.
    async fn present(&self, identity: &BuildIdentity) -> Result<Option<Image>, DockerError> {
        let image = self.engine.image(&identity.tag()).await?;
        let digest = identity.digest();
        Ok(image.filter(|image| image.labels.get(IDENTITY_LABEL) == Some(&digest)))
    }

    async fn run(
        &self,
        request: &BuildRequest,
        watch: &mut BuildWatch<'_>,
    ) -> Result<(), BuildError> {
        let io = |error: io::Error| BuildError::Io(Arc::new(error));
        // It has arguments in it, so it goes at the latest with the playground.
        let directory = tempfile::Builder::new()
            .prefix("build-")
            .tempdir_in(&request.docker_config)
            .map_err(io)?;
        let file = directory.path().join("compose.json");
        tokio::fs::write(&file, request.document().to_string())
            .await
            .map_err(io)?;
        let project = ComposeProject {
            tool: self.tool.clone(),
            endpoint: self.engine.endpoint().clone(),
            name: "playhouse-build".into(),
            directory: directory.path().to_path_buf(),
            files: vec![file],
            docker_config: request.docker_config.clone(),
        };
        let log = &mut *watch.log;
        let mut progress = |said: ComposeProgress| log(&said.line());
        let bounds = Watch {
            timeout: watch.timeout,
            cancel: watch.cancel,
            progress: &mut progress,
        };
        let built = project.build(request.pull, bounds).await;
        built.map_err(|error| BuildError::Compose {
            service: request.identity.service.clone(),
            error,
        })
    }
}

impl BuildRequest {
    /// A Compose file with this build alone.
    fn document(&self) -> serde_json::Value {
        let identity = &self.identity;
        let mut labels = self.labels.clone();
        labels.extend(identity.labels());
        let mut build = json!({
            "context": escaped(&path(&self.context)),
            "dockerfile": escaped(&identity.dockerfile),
            "args": all_escaped(&identity.args),
            "labels": all_escaped(&labels),
        });
        if let Some(target) = &identity.target {
            build["target"] = escaped(target).into();
        }
        if let Some(platform) = &identity.platform {
            build["platforms"] = json!([escaped(platform)]);
        }
        json!({ "services": { "image": { "image": identity.tag(), "build": build } } })
    }
}

impl BuildIdentity {
    fn built(&self, image: Image, reused: bool) -> BuiltImage {
        BuiltImage {
            id: image.id,
            tag: self.tag(),
            reused,
        }
    }
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// As it is, also where the tool would look for a variable.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

fn all_escaped(map: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let escape = |(key, value): (&String, &String)| (key.clone(), escaped(value));
    map.iter().map(escape).collect()
}
