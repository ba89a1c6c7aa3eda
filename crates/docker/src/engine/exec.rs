//! Commands in containers that run.

use std::time::Duration;

use bollard::{
    container::LogOutput,
    exec::{CreateExecOptions, StartExecResults},
};
use futures_util::StreamExt;
use tokio::time;

use super::Engine;
use crate::DockerError;

/// A command for a container.
#[derive(Clone, Debug)]
pub struct Exec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// More variables, each `NAME=value`.
    pub environment: Vec<String>,
    /// Who runs it, as `user`, `uid` or `uid:gid`; the container's own user if none.
    pub user: Option<String>,
    /// Where; the container's own directory if none.
    pub directory: Option<String>,
    /// How long it may take. The engine cannot kill it then: it goes on in the container.
    pub timeout: Duration,
    /// What it prints beyond so many bytes of each stream is dropped.
    pub output_limit: usize,
}

/// How a command in a container ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExecOutcome {
    /// Its exit code.
    pub exit_code: i64,
    /// What it printed to standard output.
    pub stdout: Vec<u8>,
    /// What it printed to standard error.
    pub stderr: Vec<u8>,
    /// True when something of it was dropped.
    pub truncated: bool,
}

impl Engine {
    /// Runs a command in a container, and waits for its end.
    ///
    /// # Errors
    /// When the container does not run, the command cannot be started, or the time is over.
    pub async fn exec(&self, id: &str, exec: &Exec) -> Result<ExecOutcome, DockerError> {
        let ran = time::timeout(exec.timeout, self.run_exec(id, exec)).await;
        ran.unwrap_or(Err(DockerError::Timeout))
    }

    async fn run_exec(&self, id: &str, exec: &Exec) -> Result<ExecOutcome, DockerError> {
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(exec.command.clone()),
            env: Some(exec.environment.clone()),
            user: exec.user.clone(),
            working_dir: exec.directory.clone(),
            ..CreateExecOptions::default()
        };
        let created = self.api.create_exec(id, options).await?.id;
        let mut outcome = ExecOutcome {
            exit_code: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            truncated: false,
        };
        let started = self.api.start_exec(&created, None).await?;
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(piece) = output.next().await {
                outcome.take(piece?, exec.output_limit);
            }
        }
        let ended = self.api.inspect_exec(&created).await?;
        outcome.exit_code = ended
            .exit_code
            .ok_or_else(|| DockerError::Protocol("the command's exit code is unknown".into()))?;
        Ok(outcome)
    }
}

impl ExecOutcome {
    fn take(&mut self, piece: LogOutput, limit: usize) {
        let (buffer, bytes) = match piece {
            LogOutput::StdErr { message } => (&mut self.stderr, message),
            other => (&mut self.stdout, other.into_bytes()),
        };
        let room = limit.saturating_sub(buffer.len()).min(bytes.len());
        buffer.extend_from_slice(&bytes[..room]);
        self.truncated |= room < bytes.len();
    }
}
