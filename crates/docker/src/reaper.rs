//! Removes what belongs to an owner's playgrounds.

use std::{collections::HashMap, mem};

use crate::{DockerError, Engine, Owner, Selection};

/// Removes containers, networks, volumes and images of one owner, by both our labels. It never acts on a
/// look that failed: everything is listed first, and the removal begins only when all lists are there.
#[derive(Clone, Debug)]
pub struct Reaper {
    engine: Engine,
    owner: Owner,
}

/// What was removed, or would be: ids of containers and networks, names of volumes, ids of images.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reaped {
    /// Containers.
    pub containers: Vec<String>,
    /// Networks.
    pub networks: Vec<String>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// Images.
    pub images: Vec<String>,
}

impl Reaped {
    /// True when there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What of a playground goes besides its containers and networks.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReapScope {
    /// Its volumes.
    pub volumes: bool,
    /// The images that were built for it.
    pub images: bool,
}

impl Reaper {
    /// A reaper for what bears the owner's mark.
    #[must_use]
    pub fn new(engine: Engine, owner: Owner) -> Self {
        Self { engine, owner }
    }

    /// The ids of the playgrounds of which a container or network is there, or something else in the scope.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn playgrounds(&self, scope: ReapScope) -> Result<Vec<String>, DockerError> {
        let selection = Selection::owner(&self.owner);
        let mut ids: Vec<String> = Vec::new();
        for container in self.engine.containers(&selection).await? {
            ids.extend(self.owner.playground(&container.labels));
        }
        for network in self.engine.networks(&selection).await? {
            ids.extend(self.owner.playground(&network.labels));
        }
        if scope.volumes {
            for volume in self.engine.volumes(&selection).await? {
                ids.extend(self.owner.playground(&volume.labels));
            }
        }
        if scope.images {
            for image in self.engine.images(&selection).await? {
                ids.extend(self.owner.playground(&image.labels));
            }
        }
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// What there is of a playground.
    ///
    /// # Errors
    /// When the engine does not answer one of the questions: then nothing is known.
    pub async fn find(&self, playground: &str, scope: ReapScope) -> Result<Reaped, DockerError> {
        let selection = Selection::owner(&self.owner).playground(playground);
        // The engine selects by labels; this is the second look, at what it answered.
        let ours = |labels: &HashMap<String, String>| {
            self.owner.playground(labels).as_deref() == Some(playground)
        };
        let containers = self.engine.containers(&selection).await?.into_iter();
        let networks = self.engine.networks(&selection).await?.into_iter();
        let mut found = Reaped {
            containers: containers
                .filter(|one| ours(&one.labels))
                .map(|one| one.id)
                .collect(),
            networks: networks
                .filter(|one| ours(&one.labels))
                .map(|one| one.id)
                .collect(),
            ..Reaped::default()
        };
        if scope.volumes {
            let volumes = self.engine.volumes(&selection).await?.into_iter();
            found.volumes = volumes
                .filter(|one| ours(&one.labels))
                .map(|one| one.name)
                .collect();
        }
        if scope.images {
            let images = self.engine.images(&selection).await?.into_iter();
            found.images = images
                .filter(|one| ours(&one.labels))
                .map(|one| one.id)
                .collect();
        }
        Ok(found)
    }

    /// Removes what there is of a playground. What is gone already is no error, so it may be called again. An
    /// image that another playground uses stays, and is not among what was removed.
    ///
    /// # Errors
    /// When the engine does not answer, or something else uses a network or volume that is to be removed.
    pub async fn remove(&self, playground: &str, scope: ReapScope) -> Result<Reaped, DockerError> {
        let mut found = self.find(playground, scope).await?;
        // What uses others goes before them.
        for container in &found.containers {
            self.engine.remove(container).await?;
        }
        for network in &found.networks {
            self.engine.remove_network(network).await?;
        }
        for volume in &found.volumes {
            self.engine.remove_volume(volume).await?;
        }
        for image in mem::take(&mut found.images) {
            match self.engine.remove_image(&image).await {
                Ok(()) => found.images.push(image),
                Err(DockerError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}
