//! A project: what every command of the Compose tool gets.

use std::{collections::BTreeMap, env, path::PathBuf, process::Stdio, time::Duration};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{ComposeError, ComposeProgress, ComposeTool, error};
use crate::{Endpoint, child::Run, lock::Lock};

/// One project, and what the tool needs for it.
#[derive(Clone, Debug)]
pub struct ComposeProject {
    /// The tool.
    pub tool: ComposeTool,
    /// The engine.
    pub endpoint: Endpoint,
    /// The project's name, which Compose's labels hold.
    pub name: String,
    /// The directory to which paths in the files are relative. Its lock is here, too.
    pub directory: PathBuf,
    /// The Compose files, later ones over earlier ones.
    pub files: Vec<PathBuf>,
    /// A directory of its own with Docker's `config.json`, which has the logins to registries.
    pub docker_config: PathBuf,
}

/// What bounds a run of the tool, and who hears of what it does.
pub struct Watch<'a> {
    /// After this time it is killed.
    pub timeout: Duration,
    /// When this is cancelled it is killed.
    pub cancel: &'a CancellationToken,
    /// Hears everything that it says, as it says it.
    pub progress: &'a mut (dyn FnMut(ComposeProgress) + Send),
}

impl ComposeProject {
    /// Runs a command that changes the project.
    pub(super) async fn change(
        &self,
        arguments: &[String],
        watch: Watch<'_>,
    ) -> Result<(), ComposeError> {
        let lock = Lock::take(&self.directory.join(".compose.lock")).await?;
        let lock = lock.map_err(|process| ComposeError::Locked { process })?;
        let command = self.command("json", arguments, &BTreeMap::new());
        self.run(command, Some(lock), watch, true).await.map(drop)
    }

    /// Runs a command that changes nothing; answers with what it printed to standard output.
    pub(super) async fn ask(
        &self,
        command: Command,
        watch: Watch<'_>,
    ) -> Result<Vec<u8>, ComposeError> {
        self.run(command, None, watch, false).await
    }

    /// Runs a command whose standard output is more of its progress.
    pub(super) async fn work(
        &self,
        command: Command,
        watch: Watch<'_>,
    ) -> Result<(), ComposeError> {
        self.run(command, None, watch, true).await.map(drop)
    }

    async fn run(
        &self,
        mut command: Command,
        lock: Option<Lock>,
        watch: Watch<'_>,
        merged: bool,
    ) -> Result<Vec<u8>, ComposeError> {
        let input = lock.as_ref().map(Lock::input).transpose()?;
        command.stdin(input.unwrap_or_else(Stdio::null));
        let run = Run {
            program: error::NAME,
            command,
            timeout: watch.timeout,
            cancel: watch.cancel,
            merged,
        };
        let started = |process| lock.map_or(Ok(()), |lock| lock.record(process));
        let progress = watch.progress;
        let mut line = |text: &str| progress(ComposeProgress::read(text));
        let ended = run.finish(started, &mut line).await;
        ended.map_err(|error| {
            error
                .map_lines(|line| ComposeProgress::read(line).line())
                .into()
        })
    }

    /// The tool with arguments. Of our environment it sees nothing but PATH, where helpers for logins are.
    pub(super) fn command(
        &self,
        progress: &str,
        arguments: &[String],
        variables: &BTreeMap<String, String>,
    ) -> Command {
        let mut command = Command::new(self.tool.program());
        command.arg("--project-name").arg(&self.name);
        command.arg("--project-directory").arg(&self.directory);
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        command.args(["--progress", progress]).args(arguments);
        command.current_dir(&self.directory).env_clear();
        command.envs(variables);
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &self.docker_config);
        command.env("DOCKER_CONFIG", &self.docker_config);
        command.envs(self.endpoint.variables());
        command.envs([
            // No variable comes from a file that was not named.
            ("COMPOSE_DISABLE_ENV_FILE", "1"),
            ("COMPOSE_MENU", "0"),
        ]);
        command
    }
}
