//! Blobs: bytes by their SHA-256. An object store keeps them, a folder or an S3 bucket; rows of the
//! database say which there are.

mod error;
mod incoming;
mod keep;
mod location;

use std::{
    fmt::Display,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt, path::Path as Object};
use sha2::{Digest, Sha256};
use store::{Store, blobs::Blob};
use tokio::{
    fs::File,
    time::{Instant, timeout},
};
use tokio_util::io::ReaderStream;

pub(crate) use self::error::BlobError;
use self::incoming::Incoming;
use crate::Settings;

/// The bytes of a blob as they are read. One that breaks off ends with an error.
pub(crate) type BlobStream = BoxStream<'static, io::Result<Bytes>>;

/// The longest time that an upload may take. S3 dates an object by the beginning of its upload: so the
/// sweep, which spares what is younger than a day, never removes what is being uploaded.
const UPLOAD_TIME: Duration = Duration::from_secs(12 * 3600);

/// Where the bytes of blobs are.
pub(crate) struct Blobs {
    objects: Arc<dyn ObjectStore>,
    /// The pieces of an upload.
    part_bytes: usize,
    limit_bytes: u64,
    /// What all may take together.
    quota_bytes: Option<u64>,
    /// An upload of which nothing comes for so long is given up.
    upload_timeout: Duration,
    sweep: Mutex<Sweep>,
}

/// How far the sweep is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sweep {
    /// The hash after which it goes on; empty at the beginning.
    pub(crate) after: String,
    /// When the objects were listed last, epoch milliseconds.
    pub(crate) listed_at: Option<i64>,
}

impl Blobs {
    /// Opens the folder of the data directory, or the bucket that the settings name.
    pub(crate) fn open(settings: &Settings) -> Result<Self, String> {
        let folder = settings.data_dir.join("blobs");
        let (objects, part_bytes) = match &settings.blobs {
            None => location::folder(&folder).map_err(|error| error.to_string())?,
            Some(url) => location::bucket(url, &settings.blob_options)?,
        };
        Ok(Self {
            objects,
            part_bytes,
            limit_bytes: settings.upload_limit_bytes,
            quota_bytes: settings.upload_quota_bytes,
            upload_timeout: settings.upload_timeout,
            sweep: Mutex::default(),
        })
    }

    /// Stores bytes while it hashes them. Returns once they are durable: under the object that keeps
    /// the same hash already, or under a new one, which no row names yet.
    pub(crate) async fn upload<E: Display>(
        &self,
        store: &Store,
        now: i64,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
        may_be_empty: bool,
    ) -> Result<Blob, BlobError> {
        if let Some(quota) = self.quota_bytes {
            let stored = u64::try_from(store.read(store::blobs::stored_bytes).await?);
            if stored.unwrap_or(0) >= quota {
                return Err(BlobError::Quota(quota));
            }
        }
        let mut incoming = Incoming::new(Arc::clone(&self.objects), self.part_bytes);
        let received = self.receive(body, &mut incoming, may_be_empty).await;
        let (sha256, size_bytes) = match received {
            Ok(received) => received,
            Err(error) => {
                incoming.abort().await;
                return Err(error);
            }
        };
        if let Some(known) = self.known(store, &sha256, now).await? {
            incoming.abort().await;
            return Ok(known);
        }
        Ok(Blob {
            object: incoming.finish().await?,
            sha256,
            size_bytes,
        })
    }

    /// Reads an upload to its end; returns its hash and its length.
    async fn receive<E: Display>(
        &self,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
        incoming: &mut Incoming,
        may_be_empty: bool,
    ) -> Result<(String, i64), BlobError> {
        let end = Instant::now() + UPLOAD_TIME;
        let mut hash = Sha256::new();
        let mut size: u64 = 0;
        let mut body = std::pin::pin!(body);
        while let Some(chunk) = timeout(self.upload_timeout, body.next())
            .await
            .map_err(|_| BlobError::Slow(self.upload_timeout))?
        {
            let chunk = chunk.map_err(|error| BlobError::Broken(error.to_string()))?;
            size += chunk.len() as u64;
            if size > self.limit_bytes {
                return Err(BlobError::TooLarge(self.limit_bytes));
            }
            if Instant::now() > end {
                return Err(BlobError::Endless);
            }
            hash.update(&chunk);
            incoming.write(chunk).await?;
        }
        if size == 0 && !may_be_empty {
            return Err(BlobError::Empty);
        }
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        Ok((hex(&hash.finalize()), size))
    }

    /// The blob that has this hash already, if its bytes are there. The sweep spares it from now on.
    async fn known(
        &self,
        store: &Store,
        sha256: &str,
        now: i64,
    ) -> Result<Option<Blob>, BlobError> {
        let hash = sha256.to_owned();
        let is_known = store.read(move |read| store::blobs::find(read, &hash));
        if is_known.await?.is_none() {
            return Ok(None);
        }
        let hash = sha256.to_owned();
        let touched = store.write(move |batch| store::blobs::touch(batch, &hash, now));
        let Some(blob) = touched.await? else {
            return Ok(None);
        };
        match self.objects.head(&object(&blob.object)).await {
            Ok(found) if i64::try_from(found.size) == Ok(blob.size_bytes) => Ok(Some(blob)),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {
                tracing::warn!(
                    sha256,
                    "the bytes of a blob were lost; they are stored again"
                );
                let forgotten = store.write(move |batch| store::blobs::forget(batch, &blob));
                forgotten.await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a blob; `None` when they are not there.
    pub(crate) async fn read(&self, blob: &Blob) -> Result<Option<BlobStream>, BlobError> {
        /// Fewer changes of thread than with the small pieces of the object store.
        const PIECE_BYTES: usize = 128 * 1024;
        let found = match self.objects.get(&object(&blob.object)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(match found.payload {
            GetResultPayload::File(file, _) => {
                ReaderStream::with_capacity(File::from_std(file), PIECE_BYTES).boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(io::Error::from).boxed(),
        }))
    }

    /// Deletes the object of an upload that is not needed: `kept` is the one that its hash names.
    pub(crate) async fn settle(&self, uploaded: &Blob, kept: &str) {
        if uploaded.object != kept {
            self.remove(vec![uploaded.object.clone()]).await;
        }
    }

    /// Deletes objects that no row names.
    pub(crate) async fn remove(&self, objects: Vec<String>) {
        for name in objects {
            match self.objects.delete(&object(&name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => tracing::warn!(%error, name, "an unused object was not deleted"),
            }
        }
    }

    /// The names of all objects that were written before `before`, epoch milliseconds.
    pub(crate) fn older(&self, before: i64) -> BoxStream<'_, object_store::Result<String>> {
        let listed = self
            .objects
            .list(None)
            .try_filter_map(move |found| async move {
                let name = found.location.as_ref();
                let is_old = found.last_modified.timestamp_millis() < before;
                Ok((is_old && incoming::is_object(name)).then(|| name.to_owned()))
            });
        listed.boxed()
    }

    /// How far the sweep is.
    pub(crate) fn sweep(&self) -> Sweep {
        self.sweep
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_sweep(&self, sweep: Sweep) {
        *self.sweep.lock().unwrap_or_else(PoisonError::into_inner) = sweep;
    }
}

fn object(name: &str) -> Object {
    Object::from(name)
}

/// Whether this is how a SHA-256 is written, in digits of either case.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
