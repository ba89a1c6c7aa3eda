//! `stop` and `start`: containers end and come back as they were.

use docker::compose::Up;
use playground::compose::ComposeDocument;
use router::RouteState;
use serde_json::Value;

use super::{
    context::{Operation, on_disk},
    create::DOWN_TIMEOUT,
    error::OperationError,
    readiness::awaited,
};
use crate::playrooms::{PlaygroundRoutes, states};

/// So many lines of each service that was stopped are kept.
const STOPPED_LINES: usize = 1_000;

impl Operation<'_> {
    /// Stops all containers and keeps them.
    pub(super) async fn stop(&mut self) -> Result<(), OperationError> {
        self.phases.begin("compose_stop").await?;
        self.refuse_foreign().await?;
        self.route_state(RouteState::Maintenance).await?;
        let Some(document) = self.any_document() else {
            return Err(OperationError::failed(
                "unknown",
                "the playground has no generated document to stop",
            ));
        };
        let project = self.project(document);
        let stopped = self
            .compose(DOWN_TIMEOUT, async |watch| project.stop(&[], watch).await)
            .await;
        if let Err(error) = stopped {
            // What runs still is reached.
            self.route_state(RouteState::Serving).await?;
            return Err(self.compose_failed(&error).await);
        }
        // Their containers may be removed before they are asked for.
        let containers = self.containers().await?;
        self.outcome.logs = self.logs(&containers, |_| STOPPED_LINES).await;
        self.phases.complete(Value::Null);
        Ok(())
    }

    /// Starts the containers that were stopped, and makes those that are missing.
    pub(super) async fn start(&mut self) -> Result<(), OperationError> {
        self.phases.begin("compose_up").await?;
        self.refuse_foreign().await?;
        let document = self.applied_document().await?;
        self.route_state(RouteState::Starting).await?;
        let up = Up {
            no_recreate: true,
            ..Up::default()
        };
        let project = self.project(self.directory.applied());
        let started = self
            .compose(DOWN_TIMEOUT, async |watch| project.up(&up, watch).await)
            .await;
        if let Err(error) = started {
            self.route_state(RouteState::Serving).await?;
            return Err(self.compose_failed(&error).await);
        }
        if !self.target().job_mode {
            let kept: PlaygroundRoutes = self.kept_routes()?;
            let routes: Vec<_> = kept.services.into_iter().map(|one| one.route).collect();
            self.ready(&awaited(&document, &routes, document.services.keys()))
                .await?;
        }
        self.route_state(RouteState::Serving).await?;
        let containers = self.containers().await?;
        let names = document.services.keys().map(String::as_str);
        self.outcome.services = Some(states(&containers, names));
        self.phases.complete(Value::Null);
        Ok(())
    }

    /// The document that is applied.
    pub(super) async fn applied_document(&self) -> Result<ComposeDocument, OperationError> {
        let directory = self.directory.clone();
        let document = on_disk("the applied document", move || directory.document()).await?;
        let none =
            || OperationError::failed("unknown", "nothing was applied: there is nothing to start");
        document.ok_or_else(none)
    }

    pub(super) fn kept_routes(&self) -> Result<PlaygroundRoutes, OperationError> {
        let kept = self.directory.routes();
        let kept = kept.map_err(|error| OperationError::io("the playground's routes", &error))?;
        Ok(kept.unwrap_or_default())
    }
}
