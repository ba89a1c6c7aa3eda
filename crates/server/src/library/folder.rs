//! The folder on disk. Every file is opened below the folder and through no symbolic link, so a name cannot
//! lead out of it, and nor can a link that somebody puts there between a check and its use.

mod write;

use std::{
    fs::{self, File},
    io::{self, Read},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

use super::path::{PlaybookPath, is_playbook};
pub(super) use write::{Staged, split};

/// The largest playbook, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;
/// How deep folders are listed.
const DEPTH_LIMIT: usize = 16;
/// How many playbooks are listed.
const COUNT_LIMIT: usize = 10_000;

/// A file as the folder lists it. When `stamp` is the same, so is the text.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) path: PlaybookPath,
    pub(super) stamp: Stamp,
}

/// The time of the last change, epoch nanoseconds, and the length in bytes.
pub(super) type Stamp = (u128, u64);

pub(super) struct Folder(PathBuf);

impl Folder {
    /// Opens the folder, which is made if need be.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self(root.to_owned()))
    }

    /// The playbooks, by path. Links and what is not readable are left out.
    pub(super) fn list(&self) -> io::Result<Vec<Listed>> {
        let mut found = Vec::new();
        let mut folders = vec![(self.0.clone(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if depth == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, folder = prefix, "a folder of the library cannot be read");
                    continue;
                }
            };
            for entry in entries.flatten() {
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                let path = format!("{prefix}{name}");
                if metadata.is_dir() && depth < DEPTH_LIMIT && !name.starts_with('.') {
                    folders.push((entry.path(), format!("{path}/"), depth + 1));
                } else if metadata.is_file() && name.starts_with(write::STAGED) {
                    write::sweep(&entry, &metadata);
                } else if metadata.is_file()
                    && is_playbook(&name)
                    && let Ok(path) = PlaybookPath::parse(&path)
                {
                    found.push(Listed {
                        path,
                        stamp: stamp(&metadata),
                    });
                }
                if found.len() >= COUNT_LIMIT {
                    folders.clear();
                    break;
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// The text of a playbook.
    pub(super) fn read(&self, path: &PlaybookPath) -> io::Result<(Stamp, String)> {
        let file = File::from(self.below(path.as_str(), OFlags::RDONLY)?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut text = String::new();
        let read = file.take(SIZE_LIMIT + 1).read_to_string(&mut text)?;
        if read as u64 > SIZE_LIMIT {
            let message = format!("a playbook has at most {SIZE_LIMIT} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok((stamp(&metadata), text))
    }

    /// Opens a file or a folder below the root.
    pub(super) fn below(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        const BELOW: ResolveFlags = ResolveFlags::BENEATH
            .union(ResolveFlags::NO_SYMLINKS)
            .union(ResolveFlags::NO_MAGICLINKS);
        // A pipe in the place of a file must not be waited for.
        let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let root = openat(
            CWD,
            &self.0,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(openat2(root, path, flags, Mode::empty(), BELOW)?)
    }
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    (modified.unwrap_or_default().as_nanos(), metadata.len())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::{Folder, PlaybookPath};

    fn path(text: &str) -> PlaybookPath {
        PlaybookPath::parse(text).expect("a path")
    }

    #[test]
    fn links_lead_nowhere() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("library");
        let folder = Folder::open(&root).expect("the library");
        fs::create_dir(dir.path().join("outside")).expect("a directory");
        fs::write(dir.path().join("outside/a.yaml"), "secret").expect("a file");
        symlink(dir.path().join("outside"), root.join("folder")).expect("a link");
        symlink(dir.path().join("outside/a.yaml"), root.join("file.yaml")).expect("a link");
        fs::write(root.join("real.yaml"), "text").expect("a file");
        for outside in ["folder/a.yaml", "file.yaml"] {
            assert!(folder.read(&path(outside)).is_err(), "{outside}");
        }
        assert!(folder.stage("folder/b.yaml", b"x").is_err());
        assert_eq!(folder.read(&path("real.yaml")).expect("a text").1, "text");
        let listed = folder.list().expect("a list");
        let listed: Vec<_> = listed.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(listed, ["real.yaml"]);
    }

    #[test]
    fn what_is_written_is_complete_or_not_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = Folder::open(dir.path()).expect("the library");
        let (a, deep) = (path("a.yaml"), path("b/c/d.yaml"));
        let write = |path: &PlaybookPath, text: &str, replaces| {
            let staged = folder.stage(path.as_str(), text.as_bytes())?;
            staged.place(path.as_str(), replaces)
        };
        write(&a, "first", false).expect("written");
        let again = write(&a, "second", false).expect_err("there");
        assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
        write(&deep, "deep", false).expect("written");
        // Two at once do not share a file, and one that is given up leaves nothing.
        let [one, other] =
            ["one", "other"].map(|text| folder.stage(a.as_str(), text.as_bytes()).expect("staged"));
        assert_eq!(folder.read(&a).expect("a text").1, "first");
        drop(other);
        one.place(a.as_str(), true).expect("replaced");
        assert_eq!(folder.read(&a).expect("a text").1, "one");
        folder.delete(&deep).expect("deleted");
        assert!(folder.read(&deep).is_err());
        let left = fs::read_dir(dir.path()).expect("a list").count();
        assert_eq!(left, 2, "the file and the folder");
    }

    #[test]
    fn what_a_killed_server_left_is_removed() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = Folder::open(dir.path()).expect("the library");
        let staged = |name: &str| dir.path().join(format!("{}{name}", super::write::STAGED));
        let old = fs::File::create(staged("old")).expect("a file");
        old.set_modified(std::time::UNIX_EPOCH).expect("a time");
        fs::write(staged("new"), "x").expect("a file");
        assert!(folder.list().expect("a list").is_empty());
        assert!(!staged("old").exists() && staged("new").exists());
    }
}
