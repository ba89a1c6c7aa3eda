//! Removes what bears the playroom's owner mark and belongs to no playground of the server.

use std::{collections::BTreeSet, sync::Arc};

use docker::{DockerError, Owner, ReapScope, Reaper, Selection, engine::Image};
use playground::project::PLAYGROUND_LABEL;
use tokio::task::spawn_blocking;

use super::Playroom;

#[cfg(test)]
mod tests;

/// What volumes are called that outlive their playground.
const PERSISTENT: &str = "pv-";

/// What belonged to no playground when it was looked at last: it is removed when that is so again.
#[derive(Debug, Default)]
pub(super) struct Orphans(BTreeSet<i64>);

impl Orphans {
    /// Looks at everything with the owner mark. Nothing is removed after a look that failed.
    pub(super) async fn sweep(
        &mut self,
        playroom: &Arc<Playroom>,
        owner: &Owner,
        placed: &BTreeSet<i64>,
    ) -> Result<(), DockerError> {
        let reaper = Reaper::new(playroom.engine.clone(), owner.clone());
        let there = reaper.playgrounds(ReapScope::default()).await?;
        let mut there: BTreeSet<i64> = there.iter().filter_map(|id| id.parse().ok()).collect();
        let everything = Selection::owner(owner);
        let mut volumes = playroom.engine.volumes(&everything).await?;
        let images = playroom.engine.images(&everything).await?;
        volumes.retain(|volume| !volume.name.starts_with(PERSISTENT));
        let labelled = volumes
            .iter()
            .filter_map(|volume| owner.playground(&volume.labels));
        there.extend(labelled.filter_map(|id| id.parse::<i64>().ok()));
        let directories = playroom.directories().unwrap_or_default();
        let ours = directories
            .iter()
            .filter(|(_, mark)| mark.owner == owner.mark());
        there.extend(ours.map(|(_, mark)| mark.playground));
        there.retain(|id| !placed.contains(id));
        let again: Vec<i64> = there.intersection(&self.0).copied().collect();
        self.0 = there;
        for id in again {
            // One that cannot be removed does not keep the others.
            if let Err(error) = self.remove(playroom, owner, &reaper, id).await {
                tracing::warn!(playground = id, %error, "an orphan is not removed");
            }
        }
        Self::prune_images(playroom, images, (owner, placed)).await
    }

    /// Removes images that were built for playgrounds which are gone; one that another playground uses stays.
    async fn prune_images(
        playroom: &Playroom,
        images: Vec<Image>,
        (owner, placed): (&Owner, &BTreeSet<i64>),
    ) -> Result<(), DockerError> {
        for image in images {
            let of = owner
                .playground(&image.labels)
                .and_then(|id| id.parse().ok());
            if of.is_none_or(|id: i64| placed.contains(&id)) {
                continue;
            }
            match playroom.engine.remove_image(&image.id).await {
                Ok(()) | Err(DockerError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn remove(
        &mut self,
        playroom: &Arc<Playroom>,
        owner: &Owner,
        reaper: &Reaper,
        id: i64,
    ) -> Result<(), DockerError> {
        if let Err(error) = playroom.unroute(id).await {
            tracing::warn!(playground = id, %error, "the routes of an orphan stay");
        }
        let removed = reaper.remove(&id.to_string(), ReapScope::default()).await?;
        let selection = Selection::owner(owner).playground(&id.to_string());
        let volumes = playroom.engine.volumes(&selection).await?;
        for volume in volumes
            .iter()
            .filter(|one| !one.name.starts_with(PERSISTENT))
        {
            let ours = volume
                .labels
                .get(PLAYGROUND_LABEL)
                .is_some_and(|label| *label == id.to_string());
            if ours {
                playroom.engine.remove_volume(&volume.name).await?;
            }
        }
        if !removed.is_empty() {
            tracing::warn!(
                playground = id,
                ?removed,
                "what belonged to no playground was removed"
            );
        }
        for (directory, mark) in playroom.directories().unwrap_or_default() {
            if mark.owner == owner.mark() && mark.playground == id {
                let removed = spawn_blocking(move || directory.remove(&mark)).await;
                if let Ok(Err(error)) = removed {
                    tracing::warn!(playground = id, %error, "the directory of an orphan stays");
                }
            }
        }
        Ok(())
    }
}
