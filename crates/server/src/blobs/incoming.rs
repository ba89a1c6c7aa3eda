//! An upload on its way into the object store. Its object exists only once all of it is there.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{
    Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, PutPayloadMut, path::Path,
};
use uuid::Uuid;

/// Aborted when it is dropped before [`Incoming::finish`].
pub(super) struct Incoming {
    objects: Arc<dyn ObjectStore>,
    name: String,
    part_bytes: usize,
    /// What the next part begins with.
    buffered: PutPayloadMut,
    /// Begun with the first full part: a short upload is one request.
    upload: Option<Box<dyn MultipartUpload>>,
}

/// Whether an object has the name of an upload.
pub(super) fn is_object(name: &str) -> bool {
    name.len() == 36 && Uuid::try_parse(name).is_ok()
}

impl Incoming {
    pub(super) fn new(objects: Arc<dyn ObjectStore>, part_bytes: usize) -> Self {
        Self {
            objects,
            name: Uuid::new_v4().to_string(),
            part_bytes,
            buffered: PutPayloadMut::new(),
            upload: None,
        }
    }

    /// Writes one part after the other, so that an upload never takes more memory than one part.
    pub(super) async fn write(&mut self, mut chunk: Bytes) -> Result<(), Error> {
        while self.buffered.content_length() + chunk.len() >= self.part_bytes {
            // All parts but the last must have the same length.
            let rest = self.part_bytes - self.buffered.content_length();
            self.buffered.push(chunk.split_to(rest));
            let part = std::mem::take(&mut self.buffered).freeze();
            self.put_part(part).await?;
        }
        if !chunk.is_empty() {
            self.buffered.push(chunk);
        }
        Ok(())
    }

    async fn put_part(&mut self, part: PutPayload) -> Result<(), Error> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => {
                let begun = self.objects.put_multipart(&self.path()).await?;
                self.upload.insert(begun)
            }
        };
        upload.put_part(part).await
    }

    /// Makes the object. Returns its name once it is durable.
    pub(super) async fn finish(mut self) -> Result<String, Error> {
        let last = std::mem::take(&mut self.buffered).freeze();
        if self.upload.is_none() {
            self.objects.put(&self.path(), last).await?;
        } else if last.content_length() > 0 {
            self.put_part(last).await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
            self.upload = None;
        }
        Ok(self.name.clone())
    }

    /// Removes what was written.
    pub(super) async fn abort(mut self) {
        if let Some(upload) = self.upload.take() {
            abort(upload).await;
        }
    }

    fn path(&self) -> Path {
        Path::from(self.name.as_str())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // The client went away. A server that is killed here leaves its parts behind: see decision 11.
        if let (Some(upload), Ok(runtime)) =
            (self.upload.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(abort(upload));
        }
    }
}

async fn abort(mut upload: Box<dyn MultipartUpload>) {
    if let Err(error) = upload.abort().await {
        tracing::warn!(%error, "an unfinished upload was not removed");
    }
}
