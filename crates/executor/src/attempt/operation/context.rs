//! An operation while it is performed: what it works with, and what it left so far.

use std::sync::Arc;

use docker::{
    Owner,
    engine::{Container, ContainerState},
};
use tokio::task::spawn_blocking;
use wire::executors::{
    ClaimedRun,
    operations::{
        AppliedRevision, OperationFailure, OperationInput, OperationOutcome, OperationSecrets,
        OperationTarget, ReportOutcome,
    },
};

use super::{error::OperationError, phases::Phases, print::Printer, secrets};
use crate::{
    attempt::{
        AttemptRunner, Taken,
        outcome::Stop,
        progress_reporter::{Halt, ProgressReporter, wait_after, within},
    },
    backoff::Backoff,
    playrooms::{DirectoryMark, PlaygroundDirectory, Playroom, states},
};

/// So many lines are kept of each service that does not run after a failure.
const FAILED_LINES: usize = 1_000;

pub(super) struct Operation<'a> {
    pub(super) runner: &'a AttemptRunner,
    pub(super) taken: Taken<'a>,
    pub(super) input: &'a OperationInput,
    pub(super) playroom: Arc<Playroom>,
    pub(super) directory: PlaygroundDirectory,
    pub(super) owner: Owner,
    pub(super) secrets: OperationSecrets,
    pub(super) phases: Phases<'a>,
    pub(super) printer: Printer,
    pub(super) outcome: OperationOutcome,
    /// The server has the outcome already, from an earlier attempt.
    pub(super) reported: bool,
}

impl<'a> Operation<'a> {
    pub(super) async fn open(
        runner: &'a AttemptRunner,
        run: &'a ClaimedRun,
        input: &'a OperationInput,
        playroom: Arc<Playroom>,
        printer: Printer,
    ) -> Result<Self, OperationError> {
        let taken = Taken::of(run);
        let target = &input.playground;
        let owner = Owner::new(&target.owner).ok_or_else(|| {
            Halt::Refused(format!("`{}` cannot be the mark of an owner", target.owner))
        })?;
        let directory = playroom
            .directory(&target.project)
            .map_err(|error| Halt::Refused(error.to_string()))?;
        let secrets = secrets::own(runner, taken, printer.redactor()).await?;
        let name = &runner.environment.settings.name;
        let reporter = ProgressReporter::new(&runner.client, name, taken);
        Ok(Self {
            runner,
            taken,
            input,
            playroom,
            directory,
            owner,
            secrets,
            phases: Phases::new(reporter, run, printer.clone()),
            printer,
            outcome: OperationOutcome::default(),
            reported: false,
        })
    }

    pub(super) fn target(&self) -> &'a OperationTarget {
        &self.input.playground
    }

    /// What runs now, as far as the server knows.
    pub(super) fn applied(&self) -> Option<&AppliedRevision> {
        self.secrets.applied.as_ref()
    }

    pub(super) fn mark(&self) -> DirectoryMark {
        let target = self.target();
        DirectoryMark {
            owner: target.owner.clone(),
            playground: target.id,
            project: target.project.clone(),
        }
    }

    /// The playground's directory, made if it is missing. Its project has to be the playground's as well.
    pub(super) async fn claim_directory(&mut self) -> Result<(), OperationError> {
        let (directory, mark) = (self.directory.clone(), self.mark());
        let claimed = match self.refuse_foreign().await {
            Ok(()) => on_disk("the playground's directory", move || directory.claim(&mark)).await,
            Err(error) => Err(error),
        };
        if claimed.is_err() {
            self.phases.begin("compose_generate").await?;
        }
        claimed
    }

    /// The containers of the playground.
    pub(super) async fn containers(&self) -> Result<Vec<Container>, OperationError> {
        Ok(self
            .playroom
            .containers(&self.owner, self.target().id)
            .await?)
    }

    /// Notes how the services are; what cannot be seen is left out.
    pub(super) async fn look(&mut self) {
        if let Ok(containers) = self.containers().await {
            self.outcome.services = Some(states(&containers, std::iter::empty()));
        }
    }

    /// Reports the outcome, and a failure with the phase in which it was.
    pub(super) async fn report(&mut self, failure: Option<OperationFailure>) -> Result<(), Halt> {
        if let Some(mut failure) = failure {
            let _ = self.log_out().await;
            self.keep_logs().await;
            let current = self.phases.current();
            failure.step = failure.step.or_else(|| current.map(str::to_owned));
            self.phases.fail(&failure.message);
            let redactor = self.printer.redactor();
            failure.message = redactor.text(failure.message);
            let lines = failure.lines.into_iter();
            failure.lines = lines.map(|line| redactor.text(line)).collect();
            self.outcome.failure = Some(failure);
        } else if self.phases.current().is_some() {
            self.phases.complete(serde_json::Value::Null);
        }
        if self.outcome.services.is_none() {
            self.look().await;
        }
        self.phases.flush().await?;
        if self.reported {
            return Ok(());
        }
        self.put_outcome().await
    }

    /// Keeps the last lines of services that do not run.
    async fn keep_logs(&mut self) {
        if let Ok(mut containers) = self.containers().await {
            containers.retain(|one| one.state != ContainerState::Running);
            self.outcome.logs = self.logs(&containers, |_| FAILED_LINES).await;
        }
    }

    /// Has the server store the outcome as it is now.
    pub(super) async fn put_outcome(&self) -> Result<(), Halt> {
        let report = ReportOutcome {
            executor: self.runner.environment.settings.name.clone(),
            token: self.taken.token,
            outcome: self.outcome.clone(),
        };
        let mut backoff = Backoff::default();
        loop {
            match within(self.runner.client.report_outcome(self.taken.id, &report)).await {
                Ok(()) => return Ok(()),
                Err(error) => wait_after(&mut backoff, self.taken, error).await?,
            }
        }
    }

    /// Cleans up after a cancel, and reports that.
    pub(super) async fn abandon(&mut self, stop: Stop) -> Result<(), Halt> {
        self.phases.cancel();
        let why = match stop {
            Stop::TimedOut => "the operation's time was over",
            _ => "the operation was cancelled",
        };
        self.printer.line(why);
        let cleaned = self.clean_up().await;
        let failure = match cleaned {
            Ok(undone) => OperationFailure {
                category: "cancelled".to_owned(),
                message: why.to_owned(),
                undone,
                ..OperationFailure::default()
            },
            Err(OperationError::Failed(failure)) => OperationFailure {
                message: format!("{why}; cleaning up failed: {}", failure.message),
                ..*failure
            },
            Err(OperationError::Halt(halt)) => return Err(halt),
        };
        self.report(Some(failure)).await
    }
}

/// Work on this machine's disk, on a thread for it.
pub(super) async fn on_disk<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, OperationError> {
    let done = spawn_blocking(work).await.map_err(std::io::Error::other);
    done.and_then(|done| done)
        .map_err(|error| OperationError::io(what, &error))
}
