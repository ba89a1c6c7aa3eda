//! The compose tool in an operation: what it says is printed, and how it fails is told.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use docker::{
    CancellationToken, ChildError, ComposeError, ComposeProject,
    compose::{ComposeProgress, Watch},
    evidence,
};
use playground::failures::{Diagnosis, FailureEvidence, ServiceState, diagnose};
use wire::executors::operations::OperationFailure;

use super::{
    context::Operation,
    error::{OperationError, word},
};

/// So many lines of a service or command are told of a failure.
const LINES: usize = 50;

impl Operation<'_> {
    /// The playground's project with one of its documents.
    pub(super) fn project(&self, file: PathBuf) -> ComposeProject {
        self.playroom
            .project(&self.target().project, &self.directory, file)
    }

    /// The document that is applied, or that was to be.
    pub(super) fn any_document(&self) -> Option<PathBuf> {
        let documents = [self.directory.applied(), self.directory.wanted()];
        documents
            .into_iter()
            .find(|path: &PathBuf| Path::exists(path))
    }

    /// Runs a command of the compose tool.
    pub(super) async fn compose<T>(
        &self,
        timeout: Duration,
        command: impl AsyncFnOnce(Watch<'_>) -> Result<T, ComposeError>,
    ) -> Result<T, ComposeError> {
        let printer = self.printer.clone();
        let mut last = String::new();
        let mut progress = move |said: ComposeProgress| {
            let line = said.line();
            if line != last {
                printer.line(line.clone());
                last = line;
            }
        };
        // It is killed when this is dropped, which is how an operation is stopped.
        let cancel = CancellationToken::new();
        let watch = Watch {
            timeout,
            cancel: &cancel,
            progress: &mut progress,
        };
        command(watch).await
    }

    /// What a failed command of the compose tool means.
    pub(super) async fn compose_failed(&self, error: &ComposeError) -> OperationError {
        match self.containers().await {
            Ok(containers) => self.told(evidence(error, &containers)).await,
            // An engine that is away says more than what broke because of it.
            Err(error) => error,
        }
    }

    /// What a failure means that was seen at the containers.
    pub(super) async fn diagnosed(&self, output: String, timed_out: bool) -> OperationError {
        let containers = match self.containers().await {
            Ok(containers) => containers,
            Err(error) => return error,
        };
        let seen = ComposeError::Run(ChildError::Failed {
            program: "",
            exit_code: 0,
            lines: vec![output],
        });
        let evidence = FailureEvidence {
            exit_code: None,
            timed_out,
            ..evidence(&seen, &containers)
        };
        self.told(evidence).await
    }

    async fn told(&self, mut evidence: FailureEvidence) -> OperationError {
        // One that has no container yet may be what fails.
        let document = self.directory.next_document().ok().flatten();
        for name in document
            .into_iter()
            .flat_map(|one| one.services.into_keys())
        {
            if !evidence.services.iter().any(|state| state.name == name) {
                evidence.services.push(ServiceState {
                    name,
                    ..ServiceState::default()
                });
            }
        }
        self.explained(diagnose(&evidence), &evidence.output).await
    }

    /// The failure with the last lines of the service that it is about.
    pub(super) async fn explained(&self, diagnosis: Diagnosis, output: &str) -> OperationError {
        let service = diagnosis.failed_service.as_deref();
        let mut lines = match service {
            Some(service) => self.last_lines(service, LINES).await,
            None => Vec::new(),
        };
        if lines.is_empty() {
            let all: Vec<&str> = output.lines().collect();
            let last = &all[all.len().saturating_sub(LINES)..];
            lines = last.iter().map(|&line| line.to_owned()).collect();
        }
        OperationError::Failed(Box::new(OperationFailure {
            category: word(diagnosis.category),
            message: diagnosis.message,
            failed_service: diagnosis.failed_service,
            failed_condition: diagnosis.failed_condition,
            dependency_hint: diagnosis.dependency_hint,
            next_actions: diagnosis.next_actions,
            lines,
            step: None,
            undone: false,
        }))
    }

    /// The last lines that a service printed; none when they cannot be read.
    pub(super) async fn last_lines(&self, service: &str, count: usize) -> Vec<String> {
        let Ok(mut containers) = self.containers().await else {
            return Vec::new();
        };
        containers.retain(|container| container.service == service);
        // The newest container, which is the one that failed where there are several.
        let Some(container) = containers.iter().max_by_key(|container| container.number) else {
            return Vec::new();
        };
        crate::playrooms::tail(&self.playroom.engine, &container.id, count).await
    }
}
