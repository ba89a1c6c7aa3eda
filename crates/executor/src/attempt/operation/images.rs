//! The images of the services: pulled, and known by their ids.

use std::{collections::BTreeMap, time::Duration};

use docker::{compose::ComposeProgress, engine::Image};
use playground::{compose::ComposeDocument, variables::unescape};
use serde_json::json;

use super::{context::Operation, error::OperationError};

/// How long all pulls of an operation may take.
const PULL_TIMEOUT: Duration = Duration::from_secs(900);

impl Operation<'_> {
    /// Pulls the images that are not there; with `again` also newer ones over those that are.
    pub(super) async fn pull(
        &mut self,
        document: &ComposeDocument,
        again: bool,
    ) -> Result<(), OperationError> {
        let mut wanted: Vec<String> = Vec::new();
        let mut present = 0;
        for (name, service) in &document.services {
            let Some(image) = service.image.as_deref().filter(|_| service.build.is_none()) else {
                continue;
            };
            let never = service.rest.get("pull_policy") == Some(&json!("never"));
            let there = self
                .playroom
                .engine
                .image(&unescape(image))
                .await?
                .is_some();
            if there {
                present += 1;
            }
            if !never && (again || !there) {
                wanted.push(name.clone());
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let project = self.project(self.directory.wanted());
        let pulled = self.compose(PULL_TIMEOUT, async |watch| {
            project.pull(&wanted, watch).await
        });
        match pulled.await {
            Ok(()) => Ok(()),
            Err(error) if again && present == wanted.len() => {
                // What is there still serves, whatever its registry says.
                let said = ComposeProgress::Line(error.to_string()).line();
                self.printer
                    .line(format!("images cannot be pulled again: {said}"));
                self.outcome
                    .warnings
                    .push(format!("images could not be pulled again: {said}"));
                Ok(())
            }
            Err(error) => Err(self.compose_failed(&error).await),
        }
    }

    /// The ids of the images by service, as they are now.
    pub(super) async fn image_ids(
        &self,
        document: &ComposeDocument,
    ) -> Result<BTreeMap<String, String>, OperationError> {
        let images = self.images(document).await?.into_iter();
        Ok(images.map(|(name, image)| (name, image.id)).collect())
    }

    /// The images by service, as they are now.
    pub(super) async fn images(
        &self,
        document: &ComposeDocument,
    ) -> Result<BTreeMap<String, Image>, OperationError> {
        let mut images = BTreeMap::new();
        for (name, service) in &document.services {
            let Some(image) = &service.image else {
                continue;
            };
            if let Some(found) = self.playroom.engine.image(&unescape(image)).await? {
                images.insert(name.clone(), found);
            }
        }
        Ok(images)
    }
}
