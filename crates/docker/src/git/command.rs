//! How git is run: with nothing of this machine's configuration, and without a terminal.

use std::{env, path::Path, time::Duration};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{GitCredentials, GitError, Repository, credentials::Offered};
use crate::{child::Run, lock::Lock};

/// What bounds the work with a repository, and who hears of it.
pub struct GitWatch<'a> {
    /// No run of git takes longer.
    pub timeout: Duration,
    /// When this is cancelled git is killed.
    pub cancel: &'a CancellationToken,
    /// Hears what git says.
    pub progress: &'a mut (dyn FnMut(&str) + Send),
}

/// A repository elsewhere, and what is needed to speak with it.
pub(super) struct Remote<'a> {
    pub(super) directory: &'a Path,
    pub(super) repository: &'a Repository,
    pub(super) credentials: Option<&'a GitCredentials>,
    pub(super) lock: &'a Lock,
}

impl GitWatch<'_> {
    /// Runs git with a git directory, and no way to the network.
    pub(super) async fn git(
        &mut self,
        directory: &Path,
        arguments: &[&str],
        lock: &Lock,
    ) -> Result<String, GitError> {
        let mut command = command(directory, &[]);
        command.args(arguments);
        self.run(command, lock).await
    }

    /// Runs git against a repository.
    pub(super) async fn remote(
        &mut self,
        remote: Remote<'_>,
        arguments: &[&str],
    ) -> Result<String, GitError> {
        let repository = remote.repository;
        let mut command = command(remote.directory, &[repository.protocol()]);
        let offered = remote
            .credentials
            .filter(|_| repository.origin().is_some())
            .map(|credentials| Offered::to(&mut command, remote.directory, repository, credentials))
            .transpose()?;
        command.args(arguments);
        let said = self.run(command, remote.lock).await;
        drop(offered);
        said
    }

    /// Runs git, which holds the lock as long as it lives.
    pub(super) async fn run(
        &mut self,
        mut command: Command,
        lock: &Lock,
    ) -> Result<String, GitError> {
        command.stdin(
            lock.input()
                .map_err(GitError::io("failed to share a lock"))?,
        );
        let run = Run {
            program: "git",
            command,
            timeout: self.timeout,
            cancel: self.cancel,
            merged: false,
        };
        let started = |process| lock.record(process);
        let output = run
            .finish(started, self.progress)
            .await
            .map_err(GitError::from_run)?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }
}

/// Git with a git directory and these protocols.
pub(super) fn command(directory: &Path, protocols: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    command.env("PATH", env::var_os("PATH").unwrap_or_default());
    // SSH asks the agent for a key, never a person.
    if let Some(agent) = env::var_os("SSH_AUTH_SOCK") {
        command.env("SSH_AUTH_SOCK", agent);
    }
    command.envs([
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_ASKPASS", "true"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        ("HOME", "/nonexistent"),
        ("LC_ALL", "C"),
    ]);
    command.arg("--git-dir").arg(directory);
    let settings = [
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "credential.helper=",
        // Credentials are for one host: no other one gets asked for in its place.
        "http.followRedirects=false",
        "protocol.allow=never",
        "submodule.recurse=false",
        "gc.auto=0",
        "maintenance.auto=false",
        "advice.detachedHead=false",
    ];
    for setting in settings {
        command.args(["-c", setting]);
    }
    for protocol in protocols {
        command.args(["-c", &format!("protocol.{protocol}.allow=always")]);
    }
    command
}
