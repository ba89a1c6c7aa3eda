//! `destroy`, and what a cancelled operation leaves: nothing.

use docker::{ReapScope, Reaper};
use router::RouteState;
use serde_json::Value;
use wire::executors::operations::OperationAction;

use super::{
    context::{Operation, on_disk},
    error::OperationError,
};

impl Operation<'_> {
    /// Removes everything that bears the playground's labels. Again, it finds nothing and is done.
    pub(super) async fn destroy(&mut self) -> Result<(), OperationError> {
        self.phases.begin("compose_down").await?;
        if self.input.unless_dirty {
            let dirty = self.playroom.dirty(&self.directory).await;
            let unknown = |error| {
                OperationError::failed(
                    "unknown",
                    format!("the checkouts cannot be looked at: {error}"),
                )
            };
            self.outcome.dirty = dirty.map_err(unknown)?;
            if !self.outcome.dirty.is_empty() {
                let services = self.outcome.dirty.join(", ");
                self.printer.line(format!(
                    "kept: there are changes that are in no commit: {services}"
                ));
                self.phases.complete(Value::Null);
                return Ok(());
            }
        }
        self.remove_all().await?;
        self.outcome.removed = true;
        self.outcome.services = Some(Vec::new());
        self.phases.complete(Value::Null);
        Ok(())
    }

    async fn remove_all(&mut self) -> Result<(), OperationError> {
        let target = self.target();
        self.playroom.unroute(target.id).await?;
        let volumes = !target.persist_volumes;
        if let Err(error) = self.take_down(volumes).await {
            match error {
                OperationError::Halt(halt) => return Err(halt.into()),
                // A document that cannot be read is no reason to keep what it made: the labels say what it is.
                OperationError::Failed(failure) => self.printer.line(failure.message),
            }
        }
        let reaper = Reaper::new(self.playroom.engine.clone(), self.owner.clone());
        let scope = ReapScope {
            volumes,
            images: false,
        };
        let removed = reaper.remove(&target.id.to_string(), scope).await?;
        let all = removed
            .containers
            .iter()
            .chain(&removed.networks)
            .chain(&removed.volumes);
        all.for_each(|what| self.printer.line(format!("removed {what}")));
        let (directory, mark) = (self.directory.clone(), self.mark());
        on_disk("the playground's directory", move || {
            directory.remove(&mark)
        })
        .await
    }

    /// Leaves no half of a change behind. True when everything is as it was before the operation.
    pub(super) async fn clean_up(&mut self) -> Result<bool, OperationError> {
        match self.input.action {
            OperationAction::Create if self.applied().is_none() => {
                self.phases.begin("compose_undo").await?;
                self.remove_all().await?;
                self.outcome.services = Some(Vec::new());
                self.phases.complete(Value::Null);
                Ok(true)
            }
            OperationAction::Rollout | OperationAction::Rollback => {
                if self.phases.earlier("compose_rollout").is_none()
                    && !self.phases.began("compose_rollout")
                {
                    self.restore_applied_checkouts().await?;
                    return Ok(true);
                }
                self.go_back().await.map(|()| true)
            }
            OperationAction::Stop | OperationAction::Start => {
                // What runs is reached.
                self.route_state(RouteState::Serving).await?;
                Ok(false)
            }
            _ => Ok(false),
        }
    }
}
