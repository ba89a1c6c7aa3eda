//! Directories that belong to one executor at a time.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, lchown},
    },
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use nix::{
    fcntl::AT_FDCWD,
    sys::{
        stat::{UtimensatFlags, utimensat},
        time::TimeSpec,
    },
};
use plugin::tree;

/// Name of the file that is locked.
const LOCK: &str = ".lock";

/// Beginning of the names of what could not be removed.
const SET_ASIDE: &str = ".left-";

/// A directory that this executor alone uses, until this is dropped.
pub(crate) struct OwnedDirectory {
    path: PathBuf,
    lock: Mutex<File>,
}

impl OwnedDirectory {
    /// Makes the directory if it is missing, for its owner only, and locks it. Blocks.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let lock = Mutex::new(lock(path)?);
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    /// Makes the directory and its lock again if they were removed. True if they were.
    ///
    /// # Errors
    /// When it cannot be made, or another executor has made it its own since.
    pub(crate) fn restore(&self) -> io::Result<bool> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::metadata(self.path.join(LOCK)) {
            Ok(there) => {
                let ours = held.metadata()?;
                if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) {
                    return Ok(false);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        *held = lock(&self.path)?;
        let path = self.path.display();
        tracing::warn!(%path, "the directory was removed: it is made again");
        Ok(true)
    }
}

fn lock(dir: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let lock = File::create(dir.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another executor uses it",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes everything in an opened directory but its lock. What cannot be removed is set aside.
pub(crate) fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() != LOCK {
            remove_or_set_aside(&entry.path());
        }
    }
    Ok(())
}

/// The paths of what could not be removed in an opened directory.
pub(crate) fn left(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let left = entries.filter(|entry| {
        entry
            .file_name()
            .as_bytes()
            .starts_with(SET_ASIDE.as_bytes())
    });
    left.map(|entry| entry.path()).collect()
}

/// Makes a directory and everything below it belong to a user and its group. No link is followed: call it
/// before anybody else can write there.
pub(crate) fn give(path: &Path, id: u32) -> io::Result<()> {
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        lchown(&path, Some(id), Some(id))?;
        if fs::symlink_metadata(&path)?.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        }
    }
    Ok(())
}

/// Removes a file or a whole directory, also when a job took away its own rights on it. What cannot be removed
/// is logged. Blocks.
pub(crate) fn remove(path: &Path) {
    if let Err(error) = tree::remove(path) {
        tracing::warn!(path = %path.display(), %error, "what a job left cannot be removed");
    }
}

/// The same. What cannot be removed gets another name, so that its own is free again.
pub(crate) fn remove_or_set_aside(path: &Path) {
    let Err(error) = tree::remove(path) else {
        return;
    };
    let mut aside = path.to_owned();
    let is_aside = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.as_bytes().starts_with(SET_ASIDE.as_bytes()))
    };
    if !is_aside(path) {
        let free = (0_u64..).map(|number| path.with_file_name(format!("{SET_ASIDE}{number}")));
        if let Some(free) = { free }.find(|free| fs::symlink_metadata(free).is_err())
            && fs::rename(path, &free).is_ok()
        {
            aside = free;
        }
    }
    tracing::warn!(path = %aside.display(), %error, "what a job left cannot be removed: it is set aside");
}

/// Sets the time of a file's last use to now.
pub(crate) fn touch(path: &Path) -> nix::Result<()> {
    let now = &TimeSpec::UTIME_NOW;
    utimensat(AT_FDCWD, path, now, now, UtimensatFlags::FollowSymlink)
}
