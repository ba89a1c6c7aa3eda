//! Directories that belong to one executor at a time.

use std::{
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt, lchown},
    path::Path,
};

use nix::{
    fcntl::AT_FDCWD,
    sys::{
        stat::{UtimensatFlags, utimensat},
        time::TimeSpec,
    },
};

/// Name of the file that is locked.
const LOCK: &str = ".lock";

/// Makes `dir` if it is missing, for its owner only, and locks it until the file is dropped.
pub(crate) fn open(dir: &Path) -> io::Result<File> {
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

/// Removes everything in an opened directory but its lock. What cannot be removed is logged.
pub(crate) fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() != LOCK {
            remove(&entry.path());
        }
    }
    Ok(())
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

/// Removes a file or a whole directory, also when a job took away its own rights on it.
pub(crate) fn remove(path: &Path) {
    let gone = |result: &io::Result<()>| match result {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let removed = fs::remove_dir_all(path);
    if gone(&removed) || gone(&fs::remove_file(path)) {
        return;
    }
    open_up(path);
    let removed = fs::remove_dir_all(path);
    if !gone(&removed) {
        let error = removed.err().map(|error| error.to_string());
        tracing::warn!(path = %path.display(), error, "what a job left cannot be removed");
    }
}

/// Gives the owner all rights on every directory below, without following links and without
/// recursion: a job decides how deep its tree is.
fn open_up(path: &Path) {
    let mut open = vec![path.to_owned()];
    while let Some(dir) = open.pop() {
        if fs::symlink_metadata(&dir).is_ok_and(|data| data.is_dir()) {
            let _ = fs::set_permissions(&dir, Permissions::from_mode(0o700));
            let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
            open.extend(
                entries
                    .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                    .map(|entry| entry.path()),
            );
        }
    }
}

/// Sets the time of a file's last use to now.
pub(crate) fn touch(path: &Path) -> nix::Result<()> {
    let now = &TimeSpec::UTIME_NOW;
    utimensat(AT_FDCWD, path, now, now, UtimensatFlags::FollowSymlink)
}
