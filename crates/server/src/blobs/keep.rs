//! Bytes of our own making are stored.

use std::fmt::Display;

use bytes::Bytes;
use futures_util::Stream;
use store::Store;

use super::{BlobError, Blobs};

impl Blobs {
    /// [`Self::upload`], with the row that says so; answers the hash. What nothing names is removed after a while.
    pub(crate) async fn keep<E: Display>(
        &self,
        store: &Store,
        now: i64,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<String, BlobError> {
        let blob = self.upload(store, now, body, true).await?;
        let added = blob.clone();
        let kept = store.write(move |batch| store::blobs::add(batch, &added, now));
        self.settle(&blob, &kept.await?).await;
        Ok(blob.sha256)
    }
}
