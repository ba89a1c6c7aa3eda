//! The lock of a data directory: a second server on it refuses to start.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
};

/// Held as long as the server lives. The system releases it when the process ends, however it ends.
pub(crate) struct DataDirLock {
    _file: File,
}

/// Takes the lock; `None` when another process has it.
pub(crate) fn take(data_dir: &Path) -> io::Result<Option<DataDirLock>> {
    let path = data_dir.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(DataDirLock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
