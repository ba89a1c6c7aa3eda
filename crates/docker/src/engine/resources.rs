//! Networks, volumes and images.

use std::collections::HashMap;

use bollard::query_parameters::{
    InspectNetworkOptions, ListImagesOptions, ListNetworksOptions, ListVolumesOptions,
    RemoveImageOptions, RemoveVolumeOptions,
};

use super::{Engine, lifecycle::absent_is_fine};
use crate::{DockerError, Selection};

/// A network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Network {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// All its labels.
    pub labels: HashMap<String, String>,
}

/// A named volume.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Volume {
    /// Its name, which is its id as well.
    pub name: String,
    /// All its labels.
    pub labels: HashMap<String, String>,
}

/// An image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// Its id, `sha256:…`.
    pub id: String,
    /// Its names.
    pub tags: Vec<String>,
    /// All its labels.
    pub labels: HashMap<String, String>,
    /// Where its containers have volumes; not known of one in a list.
    pub volumes: Vec<String>,
}

impl Engine {
    /// The selected networks, by name.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn networks(&self, selection: &Selection) -> Result<Vec<Network>, DockerError> {
        let filters = Some(selection.filters());
        let options = ListNetworksOptions { filters };
        let listed = self.api.list_networks(Some(options)).await?;
        let mut networks: Vec<Network> = listed
            .into_iter()
            .map(|network| Network {
                id: network.id.unwrap_or_default(),
                name: network.name.unwrap_or_default(),
                labels: network.labels.unwrap_or_default(),
            })
            .collect();
        networks.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(networks)
    }

    /// True when there is a network of this name or id.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn has_network(&self, name: &str) -> Result<bool, DockerError> {
        let options = None::<InspectNetworkOptions>;
        is_there(self.api.inspect_network(name, options).await)
    }

    /// Removes a network. That there is none is success.
    ///
    /// # Errors
    /// When a container is in it, or the engine does not answer.
    pub async fn remove_network(&self, id: &str) -> Result<(), DockerError> {
        absent_is_fine(self.api.remove_network(id).await)
    }

    /// The selected volumes, by name.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn volumes(&self, selection: &Selection) -> Result<Vec<Volume>, DockerError> {
        let filters = Some(selection.filters());
        let listed = self
            .api
            .list_volumes(Some(ListVolumesOptions { filters }))
            .await?;
        let mut volumes: Vec<Volume> = listed
            .volumes
            .unwrap_or_default()
            .into_iter()
            .map(|volume| Volume {
                name: volume.name,
                labels: volume.labels,
            })
            .collect();
        volumes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(volumes)
    }

    /// Removes a volume with what is in it. That there is none is success.
    ///
    /// # Errors
    /// When a container uses it, or the engine does not answer.
    pub async fn remove_volume(&self, name: &str) -> Result<(), DockerError> {
        let options = None::<RemoveVolumeOptions>;
        absent_is_fine(self.api.remove_volume(name, options).await)
    }

    /// The selected images.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn images(&self, selection: &Selection) -> Result<Vec<Image>, DockerError> {
        let options = ListImagesOptions {
            filters: Some(selection.filters()),
            ..ListImagesOptions::default()
        };
        let listed = self.api.list_images(Some(options)).await?;
        let images = listed.into_iter().map(|image| Image {
            id: image.id,
            tags: image.repo_tags,
            labels: image.labels,
            volumes: Vec::new(),
        });
        Ok(images.collect())
    }

    /// The image of this name or id; none when the engine does not have it.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn image(&self, name: &str) -> Result<Option<Image>, DockerError> {
        match self
            .api
            .inspect_image(name)
            .await
            .map_err(DockerError::from)
        {
            Ok(image) => {
                let config = image.config.unwrap_or_default();
                Ok(Some(Image {
                    id: image.id.unwrap_or_default(),
                    tags: image.repo_tags.unwrap_or_default(),
                    labels: config.labels.unwrap_or_default(),
                    volumes: config.volumes.unwrap_or_default(),
                }))
            }
            Err(DockerError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a name of an image, and the image with its last name. That there is none is success.
    ///
    /// # Errors
    /// When a container uses it, or the engine does not answer.
    pub async fn remove_image(&self, name: &str) -> Result<(), DockerError> {
        let options = None::<RemoveImageOptions>;
        let removed = self.api.remove_image(name, options, None).await;
        absent_is_fine(removed.map(drop))
    }
}

fn is_there<T>(answer: Result<T, bollard::errors::Error>) -> Result<bool, DockerError> {
    match answer.map_err(DockerError::from) {
        Ok(_) => Ok(true),
        Err(DockerError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
