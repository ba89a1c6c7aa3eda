//! Uploaded programs: files named by their hash.

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
    sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock},
    time::timeout,
};

/// The directory of uploaded programs.
#[derive(Clone)]
pub(crate) struct Programs {
    dir: Arc<PathBuf>,
    limit_bytes: u64,
    /// A client of whose upload nothing comes for so long is taken for gone.
    patience: Duration,
    /// Shared by uploads from the file's name to its row, alone for who deletes rows and files:
    /// between the two deletions nobody is told that the program is stored.
    collecting: Arc<RwLock<()>>,
}

/// A program that is on disk but has no row yet.
pub(crate) struct Stored {
    pub(crate) sha256: String,
    pub(crate) size_bytes: u64,
    /// Nothing is collected while this lives.
    pub(crate) kept: OwnedRwLockReadGuard<()>,
}

/// Why an upload was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("the program is larger than {0} bytes")]
    TooLarge(u64),
    #[error("the program is empty")]
    Empty,
    #[error("nothing of the program came for {} seconds", .0.as_secs_f64())]
    Slow(Duration),
    #[error("the upload broke off: {0}")]
    Broken(String),
    #[error("the program could not be stored: {0}")]
    Io(#[from] io::Error),
}

impl Programs {
    /// Opens the directory and removes what an earlier process left half-written.
    pub(crate) fn open(dir: PathBuf, limit_bytes: u64, patience: Duration) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        for entry in std::fs::read_dir(&dir)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("upload-") {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Self {
            dir: Arc::new(dir),
            limit_bytes,
            patience,
            collecting: Arc::default(),
        })
    }

    /// Writes a program to disk while hashing it; answers once it is durable.
    pub(crate) async fn store<E: std::fmt::Display>(
        &self,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Stored, UploadError> {
        let name = format!("upload-{}", uuid::Uuid::new_v4());
        let incoming = Incoming {
            path: self.dir.join(name),
        };
        let mut file = File::create(&incoming.path).await?;
        let mut hash = Sha256::new();
        let mut size: u64 = 0;
        let mut body = std::pin::pin!(body);
        while let Some(chunk) = timeout(self.patience, body.next())
            .await
            .map_err(|_| UploadError::Slow(self.patience))?
        {
            let chunk = chunk.map_err(|error| UploadError::Broken(error.to_string()))?;
            size += chunk.len() as u64;
            if size > self.limit_bytes {
                return Err(UploadError::TooLarge(self.limit_bytes));
            }
            hash.update(&chunk);
            file.write_all(&chunk).await?;
        }
        if size == 0 {
            return Err(UploadError::Empty);
        }
        // What is written last fails here or never: `sync_all` swallows it.
        file.flush().await?;
        file.sync_all().await?;
        let sha256 = hex(&hash.finalize());
        let kept = self.collecting.clone().read_owned().await;
        fs::rename(&incoming.path, self.path(&sha256)).await?;
        // The name is durable only when the directory is.
        File::open(&*self.dir).await?.sync_all().await?;
        Ok(Stored {
            sha256,
            size_bytes: size,
            kept,
        })
    }

    /// Opens a program; `None` when there is none of that hash.
    pub(crate) async fn read(&self, sha256: &str) -> io::Result<Option<(File, u64)>> {
        match File::open(self.path(sha256)).await {
            Ok(file) => {
                let size = file.metadata().await?.len();
                Ok(Some((file, size)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until no upload is between its file and its row, and keeps it so.
    pub(crate) async fn collect(&self) -> OwnedRwLockWriteGuard<()> {
        self.collecting.clone().write_owned().await
    }

    /// The hashes of all programs whose files were written before `before`, epoch milliseconds.
    pub(crate) async fn older(&self, before: i64) -> io::Result<Vec<String>> {
        let before = Duration::from_millis(u64::try_from(before).unwrap_or_default());
        let before = SystemTime::UNIX_EPOCH + before;
        let mut entries = fs::read_dir(&*self.dir).await?;
        let mut found = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_hash(&name) && entry.metadata().await?.modified()? < before {
                found.push(name);
            }
        }
        Ok(found)
    }

    /// Deletes a program, if it is there.
    pub(crate) async fn remove(&self, sha256: &str) -> io::Result<()> {
        match fs::remove_file(self.path(sha256)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.dir.join(sha256)
    }
}

/// A half-written file, gone when it is not renamed.
struct Incoming {
    path: PathBuf,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After the rename there is nothing of this name.
        let _ = std::fs::remove_file(&self.path);
    }
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
