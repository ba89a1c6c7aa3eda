//! Gives files to a file input.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use serde_json::json;

use super::{
    last::{ActionName, BegunAction},
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore, name_timeout},
};

#[derive(Deserialize)]
struct FileInput {
    id: Option<u64>,
    unfit: Option<String>,
}

impl BrowserPage {
    /// Sets the files of an `<input type="file">`, or of the one that a label belongs to. It need not be
    /// visible: pages hide it behind a button of their own.
    ///
    /// # Errors
    /// A file cannot be read, the locator matches several elements, it is no such input, or the page has ended.
    pub async fn upload(
        &self,
        locator: &Locator,
        files: &[PathBuf],
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let mut paths = Vec::new();
        for file in files {
            // The browser opens it by itself, and says nothing when it cannot.
            let opened = std::fs::File::open(file).and_then(|_| file.canonicalize());
            let path = opened.map_err(|error| BrowserError::File {
                path: file.clone(),
                reason: error.to_string(),
            })?;
            paths.push(path);
        }
        let deadline = Deadline::after(limit);
        let action = self.core.begin(ActionName::Upload, locator, &deadline);
        let mut tries = Tries::begun(&self.core, &action);
        loop {
            match self.core.try_upload(&action, &paths).await {
                Ok(()) => return Ok(()),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    async fn try_upload(&self, action: &BegunAction<'_>, paths: &[PathBuf]) -> Result<(), Miss> {
        let element = self.ready_for(action, &["enabled"]).await?;
        let deadline = action.deadline;
        let input: FileInput = self
            .call_element(&element, "fileInput", &[], deadline)
            .await?;
        let id = input
            .id
            .ok_or_else(|| action.unfit(input.unfit.unwrap_or_default()))?;
        let place = &element.place;
        let object = self
            .call_for_object(place, "element", json!([id]), deadline)
            .await?;
        let set = json!({"files": paths, "objectId": object});
        let method = "DOM.setFileInputFiles";
        let sent = place
            .session
            .send_within(method, set, deadline.left())
            .await;
        Self::release(place, &object);
        name_timeout(sent, deadline, "uploading")?;
        Ok(())
    }
}
