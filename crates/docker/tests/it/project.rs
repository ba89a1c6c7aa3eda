//! A project of a test's own on the tests' common engine. Nothing of it is left behind.

use std::{
    fs, process,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use docker::{
    CancellationToken, ComposeError, ComposeProject, ComposeTool, Endpoint, Engine, Owner,
    ReapScope, Reaper, Selection,
    compose::{ComposeProgress, Up, Watch},
    engine::{Container, Exec},
};
use private_docker::Location;
use tempfile::TempDir;
use tokio::runtime::Builder;

/// A long time for anything that a test waits for.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Project {
    pub(crate) engine: Engine,
    pub(crate) owner: Owner,
    pub(crate) compose: ComposeProject,
    pub(crate) said: Mutex<Vec<ComposeProgress>>,
    _directory: TempDir,
}

impl Project {
    /// One with these services, each a mapping in YAML's flow style.
    pub(crate) async fn new(services: &[(&str, &str)]) -> Self {
        Self::on(&private_docker::common(), services).await
    }

    /// The same on another engine.
    pub(crate) async fn on(location: &Location, services: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pg-{}-{next}", process::id());
        let endpoint = Endpoint::Unix(location.socket());
        let directory = tempfile::tempdir().unwrap();
        let docker_config = directory.path().join("docker-config");
        fs::create_dir(&docker_config).unwrap();
        let project = Self {
            engine: Engine::connect(&endpoint).await.unwrap(),
            owner: Owner::new(&name).unwrap(),
            compose: ComposeProject {
                tool: ComposeTool::at(&location.compose()).await.unwrap(),
                endpoint,
                name,
                directory: directory.path().to_path_buf(),
                files: vec![directory.path().join("compose.yml")],
                docker_config,
            },
            said: Mutex::default(),
            _directory: directory,
        };
        project.write(services);
        project
    }

    /// Writes the Compose file: each service bears our labels, as do the network and the volume `data`.
    pub(crate) fn write(&self, services: &[(&str, &str)]) {
        let mark = self.owner.mark();
        let labels = format!("labels: {{playhouse.owner: {mark}, playhouse.playground: '1'}}");
        let mut text = String::from("services:\n");
        for (name, body) in services {
            let body = body.replace("IMAGE", private_docker::BUSYBOX);
            text.push_str(&format!("  {name}: {{init: true, {labels}, {body}}}\n"));
        }
        text.push_str(&format!("networks: {{default: {{{labels}}}}}\n"));
        text.push_str(&format!("volumes: {{data: {{{labels}}}}}\n"));
        fs::write(&self.compose.files[0], text).unwrap();
    }

    pub(crate) fn selection(&self) -> Selection {
        Selection::owner(&self.owner).playground("1")
    }

    pub(crate) fn reaper(&self) -> Reaper {
        Reaper::new(self.engine.clone(), self.owner.clone())
    }

    pub(crate) async fn up(&self, up: &Up) -> Result<(), ComposeError> {
        let cancel = CancellationToken::new();
        let mut progress = |said| self.said.lock().unwrap().push(said);
        let watch = Watch {
            timeout: LONG,
            cancel: &cancel,
            progress: &mut progress,
        };
        self.compose.up(up, watch).await
    }

    /// Brings everything up, and waits until it is healthy.
    pub(crate) async fn up_and_wait(&self) {
        let up = Up {
            wait: Some(LONG),
            ..Up::default()
        };
        self.up(&up).await.unwrap();
    }

    pub(crate) async fn containers(&self) -> Vec<Container> {
        self.engine.containers(&self.selection()).await.unwrap()
    }

    pub(crate) async fn container(&self, service: &str) -> Container {
        let selection = self.selection().service(service);
        let mut found = self.engine.containers(&selection).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// The port of the engine's host at which a port of the service is published.
    pub(crate) async fn published_port(&self, service: &str, port: u16) -> u16 {
        let container = self.container(service).await;
        let published = container
            .ports
            .iter()
            .find(|published| published.container == port);
        published.expect("the port is published").host
    }

    /// Runs a command in a container; it has to succeed.
    pub(crate) async fn exec(&self, id: &str, command: &[&str]) -> Vec<u8> {
        let exec = Exec {
            command: command.iter().map(|word| String::from(*word)).collect(),
            environment: Vec::new(),
            user: None,
            directory: None,
            timeout: LONG,
            output_limit: 64 * 1024,
        };
        let ended = self.engine.exec(id, &exec).await.unwrap();
        assert_eq!(ended.exit_code, 0, "{ended:?}");
        ended.stdout
    }

    /// Calls a command of the tool that hears nothing.
    pub(crate) async fn quietly<T>(
        &self,
        command: impl AsyncFnOnce(&ComposeProject, Watch<'_>) -> Result<T, ComposeError>,
    ) -> Result<T, ComposeError> {
        let cancel = CancellationToken::new();
        let watch = Watch {
            timeout: LONG,
            cancel: &cancel,
            progress: &mut |_| (),
        };
        command(&self.compose, watch).await
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let reaper = self.reaper();
        let work = move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let all = ReapScope {
                    volumes: true,
                    images: true,
                };
                for playground in reaper
                    .playgrounds(ReapScope {
                        volumes: true,
                        images: true,
                    })
                    .await?
                {
                    reaper.remove(&playground, all).await?;
                }
                Ok::<_, docker::DockerError>(())
            })
        };
        let removed = thread::spawn(work).join();
        if !thread::panicking() {
            removed.unwrap().unwrap();
        }
    }
}
