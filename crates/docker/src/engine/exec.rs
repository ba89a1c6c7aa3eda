//! Commands in containers that run.

use std::{pin::Pin, time::Duration};

use bollard::{
    Docker,
    container::LogOutput,
    exec::{CreateExecOptions, StartExecResults},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time;

use super::{ContainerStream, Engine};
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

    /// Starts a command in a container. `timeout` and `output_limit` are the caller's to keep.
    ///
    /// # Errors
    /// When the container does not run, or the command cannot be started.
    pub async fn start_exec(&self, id: &str, exec: &Exec) -> Result<RunningExec, DockerError> {
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
        let started = self.api.start_exec(&created, None).await?;
        let output = match started {
            StartExecResults::Attached { output, .. } => output,
            StartExecResults::Detached => Box::pin(futures_util::stream::empty()),
        };
        Ok(RunningExec {
            api: self.api.clone(),
            id: created,
            output,
        })
    }

    async fn run_exec(&self, id: &str, exec: &Exec) -> Result<ExecOutcome, DockerError> {
        let mut running = self.start_exec(id, exec).await?;
        let mut outcome = ExecOutcome {
            exit_code: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            truncated: false,
        };
        while let Some(piece) = running.next().await {
            let (stream, bytes) = piece?;
            outcome.take(stream, &bytes, exec.output_limit);
        }
        outcome.exit_code = running.exit_code().await?;
        Ok(outcome)
    }
}

/// A command that runs in a container. Dropped, it goes on there.
pub struct RunningExec {
    api: Docker,
    id: String,
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
}

impl RunningExec {
    /// What it prints next; nothing when it has closed its output.
    pub async fn next(&mut self) -> Option<Result<(ContainerStream, Bytes), DockerError>> {
        let piece = self.output.next().await?;
        Some(match piece {
            Ok(LogOutput::StdErr { message }) => Ok((ContainerStream::Stderr, message)),
            Ok(other) => Ok((ContainerStream::Stdout, other.into_bytes())),
            Err(error) => Err(error.into()),
        })
    }

    /// Its exit code, after it has closed its output.
    ///
    /// # Errors
    /// When the engine does not know it.
    pub async fn exit_code(self) -> Result<i64, DockerError> {
        let ended = self.api.inspect_exec(&self.id).await?;
        let unknown = || DockerError::Protocol("the command's exit code is unknown".into());
        ended.exit_code.ok_or_else(unknown)
    }
}

impl ExecOutcome {
    fn take(&mut self, stream: ContainerStream, bytes: &[u8], limit: usize) {
        let buffer = match stream {
            ContainerStream::Stderr => &mut self.stderr,
            ContainerStream::Stdout | ContainerStream::Terminal => &mut self.stdout,
        };
        let room = limit.saturating_sub(buffer.len()).min(bytes.len());
        buffer.extend_from_slice(&bytes[..room]);
        self.truncated |= room < bytes.len();
    }
}
