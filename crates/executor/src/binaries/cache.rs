//! The cache directory: one file per SHA-256, the longest unused removed first, never one in use.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::task::spawn_blocking;
use wire::client::Client;

use super::{
    Digest, DownloadSource, Error, FetchLimits,
    fetch::{Fetcher, disk},
    incoming::Incoming,
    index::{Entry, Index, ProgramFile},
};
use crate::directory::{self, OwnedDirectory};

/// Beginning of the names of files that are still coming in.
const INCOMING: &str = ".incoming-";

/// The programs of one executor. Cheap to clone.
#[derive(Clone)]
pub struct Binaries(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) dir: PathBuf,
    limit_bytes: u64,
    fetcher: Fetcher,
    incoming: AtomicU64,
    index: Mutex<Index>,
    /// One executor per directory.
    directory: OwnedDirectory,
}

/// A program that is there and stays there until this is dropped.
pub struct Pinned {
    cache: Arc<Inner>,
    digest: Digest,
    path: PathBuf,
}

impl Pinned {
    /// The program's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let mut index = self.cache.index();
        if let Some(entry) = index.entries.get_mut(&self.digest) {
            entry.pins -= 1;
        }
        self.cache.evict(&mut index);
    }
}

impl Binaries {
    /// Opens a cache directory and removes what a crash left there. Blocks.
    ///
    /// # Errors
    /// When the directory cannot be used, or another executor uses it.
    pub fn open(dir: &Path, limit_bytes: u64, limits: FetchLimits) -> io::Result<Self> {
        let directory = OwnedDirectory::open(dir)?;
        let mut found = Vec::new();
        for file in fs::read_dir(dir)? {
            let file = file?;
            let name = file.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(INCOMING) {
                fs::remove_file(file.path())?;
            } else if let Ok(digest) = name.parse::<Digest>() {
                let data = file.metadata()?;
                found.push((data.modified()?, digest, data.len()));
            }
        }
        found.sort_unstable_by_key(|(used, _, _)| *used);
        let mut index = Index::default();
        for (_, digest, size_bytes) in found {
            index.clock += 1;
            let entry = Entry {
                size_bytes,
                used: index.clock,
                ..Entry::default()
            };
            index.entries.insert(digest, entry);
        }
        let inner = Inner {
            dir: dir.to_owned(),
            limit_bytes,
            fetcher: Fetcher::new(limits).map_err(io::Error::other)?,
            incoming: AtomicU64::new(0),
            index: Mutex::new(index),
            directory,
        };
        inner.evict(&mut inner.index());
        Ok(Self(Arc::new(inner)))
    }

    /// Uploaded programs are asked for at this server first, with what its client shows of itself.
    pub fn ask_first(&self, server: Client) {
        self.0.fetcher.ask_first(server);
    }

    /// The program with this hash: from the cache when its file still has the hash, else from its source.
    pub async fn get(
        &self,
        digest: Digest,
        source: impl Into<DownloadSource>,
    ) -> Result<Pinned, Error> {
        let source = source.into();
        let (file, pinned) = self.pin(digest);
        let seen = file.downloads.load(Ordering::Acquire);
        {
            let _checking = file.lock.read().await;
            if self.is_intact(&pinned).await? {
                return Ok(pinned);
            }
        }
        let mut last_failure = file.lock.write().await;
        if file.downloads.load(Ordering::Acquire) > seen {
            // Another caller downloaded it while this one waited.
            match &*last_failure {
                Some((failed, error)) if *failed == source => return Err(error.clone()),
                None if self.is_intact(&pinned).await? => return Ok(pinned),
                Some(_) | None => {}
            }
        }
        self.0.set_size(digest, 0);
        let fetched = self.fetch_intact(&pinned, &source).await;
        *last_failure = fetched.as_ref().err().map(|error| (source, error.clone()));
        file.downloads.fetch_add(1, Ordering::Release);
        fetched.map(|()| pinned)
    }

    /// Bytes of all programs together.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.0.index().size_bytes()
    }

    fn pin(&self, digest: Digest) -> (Arc<ProgramFile>, Pinned) {
        let mut index = self.0.index();
        index.clock += 1;
        let used = index.clock;
        let entry = index.entries.entry(digest).or_default();
        entry.used = used;
        entry.pins += 1;
        let path = self.0.dir.join(digest.to_string());
        (
            Arc::clone(&entry.file),
            Pinned {
                cache: Arc::clone(&self.0),
                digest,
                path,
            },
        )
    }

    /// True when the file is there and has its hash. One that has another is removed.
    async fn is_intact(&self, pinned: &Pinned) -> Result<bool, Error> {
        let path = pinned.path.clone();
        let expected = pinned.digest;
        let checked = spawn_blocking(move || match Digest::of_file(&path) {
            Ok(got) if got == expected => {
                // The order of use outlives a restart. That it cannot be kept does no harm.
                let _ = directory::touch(&path);
                Ok(true)
            }
            Ok(got) => {
                tracing::warn!(%expected, %got, "a cached program was changed: it is removed");
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(false),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        });
        let checked = checked
            .await
            .map_err(|error| Error::Cache(error.to_string()))?;
        checked.map_err(|error| Error::Cache(error.to_string()))
    }

    /// Fetches, and reads what came to be in the cache: only what was read back with its hash runs.
    async fn fetch_intact(&self, pinned: &Pinned, source: &DownloadSource) -> Result<(), Error> {
        self.fetch(pinned, source).await?;
        if self.is_intact(pinned).await? {
            return Ok(());
        }
        self.0.set_size(pinned.digest, 0);
        let reason = "the program was changed on its way into the cache";
        Err(Error::Cache(reason.to_owned()))
    }

    async fn fetch(&self, pinned: &Pinned, source: &DownloadSource) -> Result<(), Error> {
        let incoming = self.incoming()?;
        let (got, size_bytes) = self.0.fetcher.fetch(source, &incoming.0).await?;
        if got != pinned.digest {
            return Err(Error::Mismatch {
                expected: pinned.digest,
                got: self.0.fetcher.shown_hash(got),
            });
        }
        self.keep(&incoming, pinned, size_bytes)
    }

    /// What the source has now, whatever hash it has.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_unhashed(&self, source: impl Into<DownloadSource>) -> Result<Pinned, Error> {
        let incoming = self.incoming()?;
        let (digest, size_bytes) = self.0.fetcher.fetch(&source.into(), &incoming.0).await?;
        let (file, pinned) = self.pin(digest);
        let _writing = file.lock.write().await;
        self.keep(&incoming, &pinned, size_bytes)?;
        Ok(pinned)
    }

    pub(super) fn incoming(&self) -> Result<Incoming, Error> {
        self.0.restore().map_err(disk)?;
        let number = self.0.incoming.fetch_add(1, Ordering::Relaxed);
        Ok(Incoming(self.0.dir.join(format!("{INCOMING}{number}"))))
    }

    /// Gives what came in its name in the cache.
    fn keep(&self, incoming: &Incoming, pinned: &Pinned, size_bytes: u64) -> Result<(), Error> {
        fs::set_permissions(&incoming.0, Permissions::from_mode(0o555))
            .and_then(|()| fs::rename(&incoming.0, &pinned.path))
            .map_err(|error| Error::Cache(error.to_string()))?;
        self.0.set_size(pinned.digest, size_bytes);
        Ok(())
    }
}

impl Inner {
    /// Makes the directory again if it was removed: then none of its files are there.
    fn restore(&self) -> io::Result<()> {
        if self.directory.restore()? {
            let mut index = self.index();
            for entry in index.entries.values_mut() {
                entry.size_bytes = 0;
            }
        }
        Ok(())
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_size(&self, digest: Digest, size_bytes: u64) {
        let mut index = self.index();
        if let Some(entry) = index.entries.get_mut(&digest) {
            entry.size_bytes = size_bytes;
        }
        self.evict(&mut index);
    }

    /// Removes the longest unused programs that are not pinned, until the rest is within the limit.
    fn evict(&self, index: &mut Index) {
        // A failed download leaves an entry without a file.
        index
            .entries
            .retain(|_, entry| entry.pins > 0 || entry.size_bytes > 0);
        let mut size = index.size_bytes();
        while size > self.limit_bytes {
            let Some(digest) = index.longest_unused() else {
                return;
            };
            if let Err(error) = fs::remove_file(self.dir.join(digest.to_string())) {
                tracing::warn!(%digest, %error, "a program cannot be removed from the cache");
            }
            size -= index
                .entries
                .remove(&digest)
                .map_or(0, |entry| entry.size_bytes);
        }
    }
}
