//! Files are written: complete and on disk under a name of their own first, then put in their place in one step.

use std::{
    fs::{self, File},
    io::{self, Write},
    time::{Duration, SystemTime},
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, linkat, mkdirat, openat, renameat, unlinkat},
    io::Errno,
};

use super::{Folder, PlaybookPath};

/// How the names of files begin that are not in their place yet.
pub(super) const STAGED: &str = ".playhouse-";
/// What was left behind by a server that was killed is removed after so long.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

/// A text that is on disk, and not in its place. It is removed when it is dropped.
pub(crate) struct Staged {
    directory: File,
    temporary: String,
}

impl Folder {
    /// Writes a file where it can be put in its place. Folders are made as needed.
    pub(in crate::library) fn stage(&self, path: &str, content: &[u8]) -> io::Result<Staged> {
        const CREATE: OFlags = OFlags::WRONLY
            .union(OFlags::CREATE)
            .union(OFlags::EXCL)
            .union(OFlags::CLOEXEC);
        let (folder, _) = split(path);
        let directory = self.directory(folder)?;
        let temporary = format!("{STAGED}{}", uuid::Uuid::new_v4());
        let file = openat(&directory, &temporary, CREATE, Mode::from(0o644))?;
        let staged = Staged {
            directory,
            temporary,
        };
        let mut file = File::from(file);
        file.write_all(content)?;
        file.sync_all()?;
        Ok(staged)
    }

    /// Deletes a playbook.
    pub(in crate::library) fn delete(&self, path: &PlaybookPath) -> io::Result<()> {
        let (folder, name) = path.split();
        let folder = if folder.is_empty() { "." } else { folder };
        let directory = File::from(self.below(folder, OFlags::RDONLY | OFlags::DIRECTORY)?);
        unlinkat(&directory, name, AtFlags::empty())?;
        directory.sync_all()
    }

    /// A folder below the root, which is made if it is not there.
    fn directory(&self, folder: &str) -> io::Result<File> {
        let open = |path: &str| {
            let path = if path.is_empty() { "." } else { path };
            self.below(path, OFlags::RDONLY | OFlags::DIRECTORY)
        };
        match open(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_empty() => {}
            opened => return opened.map(File::from),
        }
        let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        let parent = self.directory(parent)?;
        match mkdirat(&parent, name, Mode::from(0o755)) {
            Ok(()) => parent.sync_all()?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        open(folder).map(File::from)
    }
}

impl Staged {
    /// Puts it in its place: in the place of what is there, or only where nothing is.
    pub(in crate::library) fn place(self, path: &str, replaces: bool) -> io::Result<()> {
        let (_, name) = split(path);
        let (directory, temporary) = (&self.directory, &self.temporary);
        if replaces {
            renameat(directory, temporary, directory, name)?;
        } else {
            // A link, unlike a rename, replaces nothing.
            linkat(directory, temporary, directory, name, AtFlags::empty())?;
            unlinkat(directory, temporary, AtFlags::empty())?;
        }
        directory.sync_all()
    }
}

/// The folder, which is empty at the top, and the name of the file.
pub(in crate::library) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It is gone when it was put in its place.
        let _ = unlinkat(&self.directory, &self.temporary, AtFlags::empty());
    }
}

/// Removes a file that a server left behind that was killed while it wrote.
pub(super) fn sweep(entry: &fs::DirEntry, metadata: &fs::Metadata) {
    let age = metadata.modified().map(age).unwrap_or_default();
    if age > LEFT_BEHIND
        && let Err(error) = fs::remove_file(entry.path())
    {
        tracing::warn!(%error, "a file that was left behind in the library could not be removed");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "times of files are those of the machine"
)]
fn age(at: SystemTime) -> Duration {
    SystemTime::now().duration_since(at).unwrap_or_default()
}
