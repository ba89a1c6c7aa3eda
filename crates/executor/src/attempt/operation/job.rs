//! `complete`: what a playground in job mode came to.

use std::collections::{BTreeMap, BTreeSet};

use docker::engine::Container;
use playground::compose::ComposeDocument;
use serde_json::Value;
use wire::{
    TimestampMs,
    executors::{
        Stage,
        operations::{JobOfPlayground, ServiceLog},
    },
};

use super::{context::Operation, error::OperationError, services};
use crate::playrooms::states;

/// So many lines are kept of each service that is watched, and of each other one.
const WATCHED_LINES: usize = 5_000;
const OTHER_LINES: usize = 1_000;

impl Operation<'_> {
    /// Stores exit codes and logs after all watched services exited, then removes the containers.
    pub(super) async fn complete(&mut self) -> Result<(), OperationError> {
        let captured = self.phases.earlier("job_capture");
        if captured.is_some_and(|part| part.stage == Stage::Completed) {
            // The server has the outcome; the containers may be gone.
            self.reported = true;
        } else {
            self.phases.begin("job_capture").await?;
            self.capture().await?;
            self.put_outcome().await?;
            self.phases.complete(Value::Null);
        }
        self.phases.begin("compose_down").await?;
        self.take_down(false).await?;
        self.phases.complete(Value::Null);
        Ok(())
    }

    async fn capture(&mut self) -> Result<(), OperationError> {
        let document = self.applied_document().await?;
        let watched = self.watched(&document)?;
        for container in self.containers().await? {
            if watched.contains(&container.service) && container.exit_code.is_none() {
                self.playroom.engine.wait(&container.id).await?;
            }
        }
        let containers = self.containers().await?;
        let mut results: BTreeMap<String, Option<i64>> =
            watched.iter().map(|name| (name.clone(), None)).collect();
        for container in containers
            .iter()
            .filter(|one| watched.contains(&one.service))
        {
            let result = results.entry(container.service.clone()).or_default();
            // Of several containers, the one that failed.
            *result = result.filter(|code| *code != 0).or(container.exit_code);
        }
        let failed = results.values().copied().find(|code| *code != Some(0));
        self.outcome.job = Some(JobOfPlayground {
            success: !results.is_empty() && failed.is_none(),
            exit_code: failed.unwrap_or(Some(0)),
            completed_at: finished(&containers, &watched),
            service_results: results,
        });
        let names = document.services.keys().map(String::as_str);
        self.outcome.services = Some(states(&containers, names));
        let lines = |name: &str| {
            if watched.contains(name) {
                WATCHED_LINES
            } else {
                OTHER_LINES
            }
        };
        self.outcome.logs = self.logs(&containers, lines).await;
        Ok(())
    }

    /// The services that are waited for.
    fn watched(&self, document: &ComposeDocument) -> Result<BTreeSet<String>, OperationError> {
        let named = &self.target().watched_services;
        if !named.is_empty() {
            return Ok(named.iter().cloned().collect());
        }
        let sources = services::read(document, &self.input.sources)?;
        let said = |wanted: bool| {
            let said = sources
                .iter()
                .filter(move |(_, source)| source.labels.job_watch == Some(wanted));
            said.map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
        };
        let labelled = said(true);
        if !labelled.is_empty() {
            return Ok(labelled);
        }
        let dynamic = sources.iter().filter(|(_, source)| source.is_dynamic());
        let dynamic: BTreeSet<String> = dynamic.map(|(name, _)| name.clone()).collect();
        let mut watched = if dynamic.is_empty() {
            sources.keys().cloned().collect()
        } else {
            dynamic
        };
        let not = said(false);
        watched.retain(|name| !not.contains(name));
        Ok(watched)
    }

    /// The last lines of services.
    pub(super) async fn logs(
        &self,
        containers: &[Container],
        count: impl Fn(&str) -> usize,
    ) -> Vec<ServiceLog> {
        let mut logs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for container in containers {
            let count = count(&container.service);
            let lines = crate::playrooms::tail(&self.playroom.engine, &container.id, count).await;
            let log = logs.entry(container.service.clone()).or_default();
            log.extend(lines);
            log.drain(..log.len().saturating_sub(count));
        }
        let logs = logs
            .into_iter()
            .map(|(service, lines)| ServiceLog { service, lines });
        logs.collect()
    }
}

/// When the last of the watched containers ended.
fn finished(containers: &[Container], watched: &BTreeSet<String>) -> Option<TimestampMs> {
    let watched = containers
        .iter()
        .filter(|one| watched.contains(&one.service));
    let last = watched.filter_map(|one| one.finished_at).max()?;
    Some(TimestampMs(last.as_millisecond()))
}
