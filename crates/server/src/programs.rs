//! Uploaded programs: files named by their hash.

use std::{io, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
};

/// The directory of uploaded programs.
#[derive(Clone)]
pub(crate) struct Programs {
    dir: Arc<PathBuf>,
    limit_bytes: u64,
}

/// Why an upload was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("the program is larger than {0} bytes")]
    TooLarge(u64),
    #[error("the program is empty")]
    Empty,
    #[error("the upload broke off: {0}")]
    Broken(String),
    #[error("the program could not be stored: {0}")]
    Io(#[from] io::Error),
}

impl Programs {
    /// Opens the directory and removes what an earlier process left half-written.
    pub(crate) fn open(dir: PathBuf, limit_bytes: u64) -> io::Result<Self> {
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
        })
    }

    /// Writes a program to disk while hashing it; answers its SHA-256 and size once it is durable.
    pub(crate) async fn store<E: std::fmt::Display>(
        &self,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<(String, u64), UploadError> {
        let name = format!("upload-{}", uuid::Uuid::new_v4());
        let part = Part {
            path: self.dir.join(name),
        };
        let mut file = File::create(&part.path).await?;
        let mut hash = Sha256::new();
        let mut size: u64 = 0;
        let mut body = std::pin::pin!(body);
        while let Some(chunk) = body.next().await {
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
        fs::rename(&part.path, self.path(&sha256)).await?;
        // The name is durable only when the directory is.
        File::open(&*self.dir).await?.sync_all().await?;
        Ok((sha256, size))
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

    /// Deletes a program.
    pub(crate) async fn remove(&self, sha256: &str) -> io::Result<()> {
        fs::remove_file(self.path(sha256)).await
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.dir.join(sha256)
    }
}

/// A half-written file, gone when it is not renamed.
struct Part {
    path: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing of this name.
        let _ = std::fs::remove_file(&self.path);
    }
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
