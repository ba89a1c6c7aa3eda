//! `exec`: a command in a container of a playground. It changes no playground and has no phases.

use std::{sync::Arc, time::Duration};

use docker::{
    DockerError, Owner,
    engine::{Container, ContainerState, ContainerStream, Exec},
};
use tokio::io::{AsyncWrite, AsyncWriteExt, duplex};
use wire::{
    executors::{
        ClaimedRun,
        operations::{ContainerCommand, OperationInput},
    },
    jobs::Stream,
};

use super::{error::OperationError, secrets};
use crate::{
    attempt::{
        AttemptRunner, Taken, Watched,
        outcome::{AttemptEnd, PerformOutcome, Stop},
        output_stream::unsent,
        progress_reporter::Halt,
        stopped,
    },
    output::capture_both,
    playrooms::{KeptAwake, Playroom},
    redactor::Redactor,
};

/// The variable by which the processes of a command are found when it is to end.
const MARK: &str = "PLAYHOUSE_EXEC";
/// How long their end may take.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);
/// Printed bytes between the container and the log.
const BUFFER_BYTES: usize = 64 << 10;

/// Ends every process that has the mark in its environment. The engine itself cannot end a command.
const KILL: &str = "for p in /proc/[0-9]*; do \
    if tr '\\000' '\\n' <$p/environ 2>/dev/null | grep -qxF \"$0\"; then kill -9 ${p#/proc/} 2>/dev/null; fi; \
    done; true";

/// How a command ended by itself.
type Ran = Result<i64, OperationError>;

impl AttemptRunner {
    /// Runs the command to its end, or ends it.
    pub(super) async fn attempt_exec(
        &self,
        run: &ClaimedRun,
        input: &OperationInput,
        playroom: &Arc<Playroom>,
        mut watched: Watched<'_>,
    ) -> PerformOutcome {
        let taken = Taken::of(run);
        let trace = self.trace(taken).prepared();
        let redactor = Redactor::default();
        let ((stdout, out_end), (stderr, err_end)) = (duplex(BUFFER_BYTES), duplex(BUFFER_BYTES));
        let stream = |stream| self.output_stream(taken, stream);
        let (out, err) = (stream(Stream::Stdout), stream(Stream::Stderr));
        let work = async {
            let command = ServiceCommand::open(self, taken, input, playroom, &redactor);
            let command = tokio::select! {
                biased;
                stop = stopped(&mut watched) => return Err(stop),
                command = command => command,
            };
            let command = match command {
                Ok(command) => command,
                Err(error) => return Ok(Err(error)),
            };
            let ran = tokio::select! {
                biased;
                stop = stopped(&mut watched) => Err(stop),
                ran = command.run(stdout, stderr) => Ok(ran),
            };
            if ran.is_err() {
                command.kill().await;
            }
            ran
        };
        let ends = std::future::pending::<()>;
        let dir = &self.environment.settings.work_dir;
        let out_end = (redactor.reader(out_end), ends(), out.clone());
        let err_end = (redactor.reader(err_end), ends(), err.clone());
        let captured = capture_both(dir, out_end, err_end);
        let (ran, (stdout, stderr)): (Result<Ran, Stop>, _) = tokio::join!(work, captured);
        let unsent = unsent([(&out, stdout.unsent), (&err, stderr.unsent)]);
        let end = |exit_code, error: Option<String>, timed_out| AttemptEnd {
            completed: exit_code == Some(0),
            exit_code,
            error_message: error.map(|error| redactor.text(error)),
            timed_out,
            stdout: stdout.excerpt.text(),
            stderr: stderr.excerpt.text(),
        };
        trace.end(match ran {
            Ok(Ok(code)) => {
                let error = (code != 0).then(|| format!("exited with code {code}"));
                PerformOutcome::ended(taken, end(Some(code), error, false), unsent)
            }
            Ok(Err(OperationError::Failed(failure))) => {
                PerformOutcome::ended(taken, end(None, Some(failure.message), false), unsent)
            }
            Ok(Err(OperationError::Halt(Halt::Abandoned(what)))) => {
                PerformOutcome::Abandoned(redactor.text(what))
            }
            Ok(Err(OperationError::Halt(Halt::Refused(reason)))) => {
                PerformOutcome::ended(taken, end(None, Some(reason), false), unsent)
            }
            Ok(Err(OperationError::Halt(Halt::Stop(stop)))) | Err(stop) => {
                PerformOutcome::stopped(taken, stop, unsent, |timed_out| {
                    let why = match timed_out {
                        true => "the command's time was over",
                        false => "cancelled",
                    };
                    end(None, Some(why.to_owned()), timed_out)
                })
            }
        })
    }
}

/// A command and the container in which it runs.
struct ServiceCommand<'a> {
    playroom: &'a Playroom,
    container: Container,
    exec: Exec,
    mark: String,
    /// It does not sleep while the command runs.
    _awake: KeptAwake,
}

impl<'a> ServiceCommand<'a> {
    async fn open(
        runner: &AttemptRunner,
        taken: Taken<'_>,
        input: &OperationInput,
        playroom: &'a Arc<Playroom>,
        redactor: &Redactor,
    ) -> Result<Self, OperationError> {
        let target = &input.playground;
        let command = input.command.as_ref();
        let command = command.ok_or_else(|| Halt::Refused("it has no command".to_owned()))?;
        let owner = Owner::new(&target.owner).ok_or_else(|| {
            Halt::Refused(format!("`{}` cannot be the mark of an owner", target.owner))
        })?;
        let opened = secrets::own(runner, taken, redactor).await?;
        let variables = opened.env_overrides;
        let secret = variables
            .iter()
            .filter(|(name, _)| command.secret_env.contains(*name));
        secrets::hide(redactor, secret.map(|(_, value)| value))?;
        let awake = KeptAwake::new(playroom, target.id).await;
        let containers = playroom.containers(&owner, target.id).await?;
        let container = container_of(containers, command)?;
        let mark = format!("{MARK}={}", taken.id);
        let variables = variables
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"));
        let exec = Exec {
            command: command.argv.clone(),
            environment: variables.chain([mark.clone()]).collect(),
            user: command.user.clone(),
            directory: command.directory.clone(),
            // The attempt has a time, and its log a limit.
            timeout: Duration::MAX,
            output_limit: usize::MAX,
        };
        Ok(Self {
            playroom,
            container,
            exec,
            mark,
            _awake: awake,
        })
    }

    /// Runs it; what it prints is written as it comes.
    async fn run(
        &self,
        mut stdout: impl AsyncWrite + Unpin,
        mut stderr: impl AsyncWrite + Unpin,
    ) -> Ran {
        let engine = &self.playroom.engine;
        let mut running = engine
            .start_exec(&self.container.id, &self.exec)
            .await
            .map_err(|error| not_again(&error))?;
        while let Some(piece) = running.next().await {
            let (stream, bytes) = piece.map_err(|error| not_again(&error))?;
            let written = match stream {
                ContainerStream::Stderr => stderr.write_all(&bytes).await,
                ContainerStream::Stdout | ContainerStream::Terminal => {
                    stdout.write_all(&bytes).await
                }
            };
            written.map_err(|error| OperationError::io("the command's output", &error))?;
        }
        running.exit_code().await.map_err(|error| not_again(&error))
    }

    /// Ends its processes, as far as the container has a shell for that.
    async fn kill(&self) {
        let words = ["/bin/sh", "-c", KILL, &self.mark];
        let kill = Exec {
            command: words.map(str::to_owned).to_vec(),
            environment: Vec::new(),
            user: Some("0".to_owned()),
            directory: None,
            timeout: KILL_TIMEOUT,
            output_limit: 0,
        };
        let ended = self.playroom.engine.exec(&self.container.id, &kill).await;
        if !ended.is_ok_and(|ended| ended.exit_code == 0) {
            tracing::warn!(
                container = self.container.name,
                "a command that was to end may go on in its container"
            );
        }
    }
}

/// The first container of the service that runs.
fn container_of(
    mut containers: Vec<Container>,
    command: &ContainerCommand,
) -> Result<Container, OperationError> {
    containers.retain(|one| one.state == ContainerState::Running);
    let of_service = |one: &&Container| one.service == command.service;
    let found = containers
        .iter()
        .filter(of_service)
        .min_by_key(|one| one.number);
    found.cloned().ok_or_else(|| {
        let mut names: Vec<&str> = containers.iter().map(|one| one.service.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let running = match names.is_empty() {
            true => "none runs".to_owned(),
            false => format!("those of {} run", names.join(", ")),
        };
        let message = format!(
            "no container of service `{}` runs: {running}",
            command.service
        );
        OperationError::failed("unknown", message)
    })
}

/// A command that may have begun is not run again when the engine goes away: its step's `retry` decides.
fn not_again(error: &DockerError) -> OperationError {
    OperationError::failed("unknown", error.to_string())
}
