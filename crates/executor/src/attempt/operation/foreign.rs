//! What has the name of the playground's project and is not the playground's: another program made it, or another
//! installation. The compose tool knows its own by that name, and would adopt or remove it.

use std::collections::HashMap;

use docker::Selection;
use playground::{
    failures::FailureCategory,
    project::{OWNER_LABEL, PERSISTENT_LABEL, PLAYGROUND_LABEL, persistent_volume_prefix},
};
use wire::executors::operations::OperationFailure;

use super::{
    context::Operation,
    error::{OperationError, word},
};

/// So many of them are named.
const NAMED: usize = 5;
/// The project, on what the compose tool made.
const COMPOSE_PROJECT: &str = "com.docker.compose.project";

type Labels = HashMap<String, String>;

impl Operation<'_> {
    /// Fails when the compose tool would touch what is not the playground's.
    pub(super) async fn refuse_foreign(&self) -> Result<(), OperationError> {
        let foreign = self.foreign().await?;
        if foreign.is_empty() {
            return Ok(());
        }
        let (project, more) = (&self.target().project, foreign.len().saturating_sub(NAMED));
        let mut named = foreign[..foreign.len() - more].join(", ");
        if more > 0 {
            named = format!("{named} and {more} more");
        }
        Err(OperationError::Failed(Box::new(OperationFailure {
            category: word(FailureCategory::ContainerConflict),
            message: format!(
                "the Docker host has things with the name of the playground's project `{project}` that this \
                 playground did not make, and leaves them alone: {named}"
            ),
            next_actions: vec![
                "create the playground under another name".to_owned(),
                format!(
                    "if they are not needed, remove them on the Docker host \
                     (`docker compose -p {project} down` and `docker volume rm`), and try again"
                ),
            ],
            ..OperationFailure::default()
        })))
    }

    async fn foreign(&self) -> Result<Vec<String>, OperationError> {
        let (engine, target) = (&self.playroom.engine, self.target());
        let is_project = |labels: &Labels| labels.get(COMPOSE_PROJECT) == Some(&target.project);
        // No project's name has an underscore: what begins so has the project's name.
        let own = format!("{}_", target.project);
        let kept = target.persist_volumes.then(|| {
            let prefix = persistent_volume_prefix(target.playspec_id, target.playroom_id);
            format!("{prefix}_")
        });
        let mut foreign = Vec::new();
        let of_project = Selection::any().project(&target.project);
        for container in engine.containers(&of_project).await? {
            if !self.is_own(&container.labels) {
                foreign.push(format!("container {}", container.name));
            }
        }
        for network in engine.networks(&Selection::any()).await? {
            let named = network.name.starts_with(&own) || is_project(&network.labels);
            if named && !self.is_own(&network.labels) {
                foreign.push(format!("network {}", network.name));
            }
        }
        for volume in engine.volumes(&Selection::any()).await? {
            let is_kept = kept
                .as_ref()
                .is_some_and(|kept| volume.name.starts_with(kept));
            let named = volume.name.starts_with(&own) || is_project(&volume.labels);
            // One that outlives its playgrounds bears the project of the first one, and the mark of no playground.
            let ours = if volume.labels.contains_key(PERSISTENT_LABEL) || is_kept {
                self.is_owner(&volume.labels)
            } else {
                self.is_own(&volume.labels)
            };
            if (named || is_kept) && !ours {
                foreign.push(format!("volume {}", volume.name));
            }
        }
        Ok(foreign)
    }

    fn is_owner(&self, labels: &Labels) -> bool {
        labels.get(OWNER_LABEL).map(String::as_str) == Some(self.owner.mark())
    }

    fn is_own(&self, labels: &Labels) -> bool {
        let playground = labels.get(PLAYGROUND_LABEL);
        self.is_owner(labels) && playground.is_some_and(|id| *id == self.target().id.to_string())
    }
}
